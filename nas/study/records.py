"""Records: one frozen value per trial, a fold over the log. Importing this needs neither torch nor optuna."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from nas.storage import layout
from nas.storage.files import write_atomic
from nas.study.log import Event
from nas.study.outcome import (
    FINDINGS,
    OF_BASES,
    BaseChoice,
    FinalScore,
    Measured,
    Noise,
    RandomSearch,
    TestScore,
    from_fields,
    is_integer,
    is_number,
)
from nas.training.reference import Reference
from search_spaces.files.plain_json import parse_json
from search_spaces.network.cost import FLOAT32

COUNTED = ("complete", "pruned")  # a training was made and ended by itself
STATES = ("complete", "pruned", "reused", "infeasible", "failed", "running")


@dataclass(frozen=True)
class Record:
    """One trial. Costs are those at the deployment size; ``top1`` is a fraction, of the last epoch; under
    the user's own evaluator it is the score, of any scale. ``loss_by_epoch`` is the mean training loss of each epoch,
    as far as it is known; ``continued`` the epoch at which the training had been stopped before it went on, 0 if never.

    ``decisions`` gives every decision its label. ``constraints`` is how far each budget is passed (≤ 0: kept);
    ``latency_ms`` (median) and ``latency_p95_ms`` are measured where a budget limits the latency. ``origin`` says who
    proposed it: start, random, sampler, neighbour, child, uniform, enumerated or retrain. ``source`` is the trial whose
    score was reused, or whose candidate is trained again (then ``replicate`` ≥ 1). ``cause`` says why it failed
    (:mod:`nas.study.executors.protocol`). ``accumulate``: gradient accumulation steps for want of memory, a training of
    its own.
    """

    trial: int
    state: str
    digest: str | None = None
    reason: str | None = None
    top1: float | None = None
    top1_by_epoch: tuple[float, ...] = ()
    loss_by_epoch: tuple[float, ...] = ()
    params: int = 0
    macs: int = 0
    activations: int = 0
    peak_bytes: int = 0
    seconds: float = 0.0
    seed: int | None = None
    replicate: int = 0
    training_key: str | None = None
    decisions: Mapping[str, str] = field(default_factory=dict, hash=False)
    constraints: Mapping[str, float] = field(default_factory=dict, hash=False)
    epochs: int = 0
    continued: int = 0
    origin: str = "sampler"
    source: int | None = None
    latency_ms: float | None = None
    latency_p95_ms: float | None = None
    cause: str | None = None
    accumulate: int = 1

    @property
    def counted(self) -> bool:
        """Whether it counts towards ``--trials``: a search training that ended complete or pruned."""
        return self.replicate == 0 and self.state in COUNTED

    @property
    def bytes(self) -> int:
        """Size of the float32 weights."""
        return FLOAT32 * self.params

    def to_data(self) -> dict[str, Any]:
        """Plain data, as in ``records.jsonl``."""
        data = {name: getattr(self, name) for name in NAMES}
        copies = {name: list(data[name]) for name in ("top1_by_epoch", "loss_by_epoch")}
        return data | copies | {name: dict(data[name]) for name in ("decisions", "constraints")}

    @cached_property
    def line(self) -> str:
        """Its line in ``records.jsonl``, kept because the file is written whole, again and again."""
        return json.dumps(self.to_data(), allow_nan=False) + "\n"

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Record:
        """The record of plain data; fields of a newer release are left out. Raises ValueError for wrong values."""
        record: Record = from_fields(cls, data)
        if record.state not in STATES:
            raise ValueError(f"state must be one of {', '.join(STATES)}")
        return replace(record, top1_by_epoch=tuple(record.top1_by_epoch), loss_by_epoch=tuple(record.loss_by_epoch))

    def until(self, epoch: int) -> Record:
        """The record as it was after ``epoch``."""
        top1, loss = self.top1_by_epoch[:epoch], self.loss_by_epoch[:epoch]
        return replace(self, top1_by_epoch=top1, loss_by_epoch=loss, epochs=len(top1))


NAMES = tuple(f.name for f in fields(Record))


@dataclass
class Folded:
    """What a log says so far. Only ``apply`` changes it. ``test_reads`` is how often the test split was read, each time
    for another network; ``tests`` and ``finals`` are by the base's trial, ``smaller_bases`` by the budget;
    ``former_base`` is the trial that was the base before another one was chosen. ``latencies`` are by
    the network's digest; ``unsteady`` those that could not be told to lie inside or outside the budgets. ``openings``
    is how often a process began the study or went on with it, ``retries`` how often a training was started again after
    its trainer had died or hung."""

    records: dict[int, Record] = field(default_factory=dict)
    reference: Reference | None = None
    noise: Noise | None = None
    base: BaseChoice | None = None
    smaller_bases: dict[str, BaseChoice] = field(default_factory=dict)
    tests: dict[int, TestScore] = field(default_factory=dict)
    finals: dict[int, FinalScore] = field(default_factory=dict)
    baseline: RandomSearch | None = None
    test_reads: int = 0
    former_base: int | None = None
    ended: Event | None = None
    trials: int | None = None
    next_trial: int = 0
    latencies: dict[str, Measured] = field(default_factory=dict)
    unsteady: dict[str, Measured] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    openings: int = 0
    retries: int = 0


def fold(events: Iterable[Event]) -> Folded:
    """Fold a log's events, in order. An event that is not what its name says is named in ``problems`` and left out."""
    folded = Folded()
    for event in events:
        try:
            apply(folded, event)
        except (ValueError, TypeError, KeyError) as error:
            reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            folded.problems.append(f"an event {str(event.get('event'))[:40]!r} of the log is not read: {reason}"[:300])
    return folded


def apply(folded: Folded, event: Event) -> None:
    """Take one event in. Events that this release does not know change nothing."""
    kind = event["event"]
    for name in ("trial", "epoch", "trials"):
        if event.get(name) is not None and not is_integer(event[name]):
            raise ValueError(f"{name} must be an integer, got {type(event[name]).__name__}")
    if kind == "ended" and not isinstance(event.get("state"), str):
        raise ValueError("state must be a text")
    folded.next_trial = max(folded.next_trial, event.get("trial", -1) + 1)
    if kind in ("proposed", "finished"):
        record, before = Record.from_data(event["record"]), folded.records.get(event["trial"])
        if record.source is not None and record.source not in folded.records:
            raise ValueError(f"trial {event['trial']} is of trial {record.source}, which is not there")
        if before is not None and not record.loss_by_epoch:  # early releases kept losses in the epochs' events alone
            record = replace(record, loss_by_epoch=before.loss_by_epoch)
        folded.records[event["trial"]] = record
    elif kind == "epoch":
        _apply_epoch(folded, event)
    elif kind == "continued":
        _apply_continued(folded, event)
    elif kind == "again":
        _apply_again(folded, event)
    elif kind == "opened":
        folded.trials, folded.ended = event.get("trials"), None
        folded.openings += 1
    elif kind == "retried":
        folded.retries += 1
    elif kind == "measured":
        folded.latencies[event["digest"]] = from_fields(Measured, event)
        folded.unsteady.pop(event["digest"], None)
    elif kind == "unsteady":
        folded.unsteady[event["digest"]] = from_fields(Measured, event)
    elif kind == "ended":
        folded.ended = event
    elif kind == "smaller_base":
        folded.smaller_bases[str(event["budget"])] = from_fields(BaseChoice, event)
    elif kind in OF_BASES:
        folded.test_reads += 1
        getattr(folded, f"{kind}s")[event["trial"]] = from_fields(OF_BASES[kind], event)
    elif kind in FINDINGS:
        if kind == "base" and folded.base is not None and folded.base.trial != event["trial"]:
            folded.former_base = folded.base.trial
        setattr(folded, kind, from_fields(FINDINGS[kind], event))


def _apply_epoch(folded: Folded, event: Event) -> None:
    record = folded.records.get(event["trial"])
    if not is_number(event["top1"]) or not all(
        event.get(n) is None or is_number(event[n]) for n in ("loss", "seconds")
    ):
        raise ValueError("top1, loss and seconds must be numbers")
    if record is None or record.state != "running" or event["epoch"] != record.epochs + 1:
        return  # a resumed training repeats an epoch, or the line of its proposal is damaged
    loss = () if event.get("loss") is None or len(record.loss_by_epoch) != record.epochs else (event["loss"],)
    folded.records[event["trial"]] = replace(
        record,
        top1=event["top1"],
        top1_by_epoch=(*record.top1_by_epoch, event["top1"]),
        loss_by_epoch=(*record.loss_by_epoch, *loss),
        epochs=event["epoch"],
        seconds=event.get("seconds") or record.seconds,
    )


def _apply_continued(folded: Folded, event: Event) -> None:
    record = folded.records.get(event["trial"])
    if record is not None and record.state == "pruned":
        folded.records[event["trial"]] = replace(record, state="running", reason=None, continued=record.epochs)


def _apply_again(folded: Folded, event: Event) -> None:
    record = folded.records.get(event["trial"])
    if record is not None and record.state == "failed":
        folded.records[event["trial"]] = replace(record, state="running", reason=None, cause=None)


def write_records(folder: Path, records: Mapping[int, Record]) -> None:
    """Write ``records.jsonl``: one line per trial, in order."""
    write_atomic(folder / layout.RECORDS, "".join(records[trial].line for trial in sorted(records)))


def are_written(folder: Path, records: Sequence[Record]) -> bool:
    """Whether ``records.jsonl`` holds these records."""
    try:
        lines = (folder / layout.RECORDS).read_text().splitlines()
        return [Record.from_data(parse_json(line)) for line in lines] == list(records)
    except (OSError, ValueError, TypeError):
        return False
