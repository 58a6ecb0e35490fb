"""What the page knows of every trial: cards, hover texts and filters are made of it. Plain values, computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nas.report.commands import commands, further_options
from nas.report.words import active_labels, difference, network_words
from nas.storage import layout
from nas.study import Record, Study
from nas.study.log import read_log
from nas.study.members import member_size
from nas.study.objectives import value
from search_spaces import Architecture, Space
from search_spaces.errors import UserError
from search_spaces.files.codec import from_data
from search_spaces.files.outside import outside_blocks
from search_spaces.network.cost import rows

STATES_BY_WORTH = ("complete", "reused", "pruned", "running", "failed", "infeasible")
BASE_WORDS = "the base"


@dataclass(frozen=True)
class Row:
    """A row of a network as a card draws it: its name and words, output ``width`` (channels) and ``side`` (pixels),
    blocks, exact costs."""

    name: str
    words: str
    width: int
    side: int
    repeats: int
    macs: int
    params: int


@dataclass(frozen=True)
class Described:
    """A trial in words: its active decisions with their labels, its rows, how it differs from the base, and which
    options its training needs beyond that of the others."""

    labels: Mapping[str, str]
    rows: tuple[Row, ...]
    short: str
    further: str = ""


NOTHING = Described({}, (), "")


def network_rows(architecture: Architecture) -> tuple[Row, ...]:
    """The rows of the stem, the stages and the head."""
    counts = [stage.count for _, stage, _ in architecture.rows()] + [1]
    described = zip(network_words(architecture), rows(architecture), counts, strict=True)
    return tuple(
        Row(name, words, cost.shape[0], cost.shape[-1] if len(cost.shape) > 1 else 1, repeats, cost.macs, cost.params)
        for (name, words), cost, repeats in described
    )


@dataclass(frozen=True)
class Trials:
    """The trials of a study, described."""

    study: Study

    @cached_property
    def space(self) -> Space | None:
        """The space; None where blocks from outside the package cannot be loaded, or it is damaged."""
        try:
            space = from_data(self.study.definition.space, blocks=outside_blocks(self.study.question.blocks))
        except UserError:
            return None
        return space if isinstance(space, Space) else None

    @cached_property
    def by_number(self) -> dict[int, Described]:
        """Every trial's description."""
        base = self.study.base
        labels = self.labels(base) if base else {}
        return {record.trial: self._described(record, labels) for record in self.study.records}

    @cached_property
    def best_first(self) -> tuple[Record, ...]:
        """The base, then complete trials by the objective, then the others by how far they came."""
        goal, base = self.study.question.goal, self.study.base

        def worth(record: Record) -> tuple[Any, ...]:
            state = STATES_BY_WORTH.index(record.state) if record.state in STATES_BY_WORTH else len(STATES_BY_WORTH)
            return record != base, state, -value(goal, record), record.macs, record.trial

        return tuple(sorted(self.study.records, key=worth))

    def architecture(self, record: Record) -> Architecture | None:
        """The network of a trial; None where its space, or the log for a given network, cannot build it here."""
        try:
            if self.space is not None:
                return self.space.decide(record.decisions)
            data = self._given.get(record.trial)
            network = from_data(data, blocks=outside_blocks(self.study.question.blocks)) if data else None
        except UserError:
            return None
        return network if isinstance(network, Architecture) else None

    @cached_property
    def _given(self) -> dict[int, Any]:
        """Given networks as the log holds them, by trial; further seeds of one stand there, too."""
        if not any(member_size(record) for record in self.study.records):
            return {}
        events = read_log(self.study.folder / layout.LOG).events
        return {event["trial"]: event.get("architecture") for event in events if event["event"] == "proposed"}

    def labels(self, record: Record) -> dict[str, str]:
        """The decisions that count in a trial, with their labels."""
        return active_labels(self.space, record.decisions) if self.space else dict(record.decisions)

    def _described(self, record: Record, base: Mapping[str, str]) -> Described:
        labels = self.labels(record)
        network = self.architecture(record)
        short = difference(labels, base) or (BASE_WORDS if base else "")
        try:
            further = further_options(self.study, record, network)
            return Described(labels, network_rows(network) if network else (), short, further)
        except UserError:  # shapes that a newer release refuses
            return Described(labels, (), short)


def page_data(trials: Trials) -> dict[str, Any]:
    """What the page's script reads: tables of decisions and of rows, each written once, and the trials, whose decisions
    and rows are places in these."""
    study = trials.study
    decisions: dict[tuple[str, str], int] = {}
    rows: dict[Row, int] = {}
    again: dict[int, list[int]] = {}
    for record in study.records:
        if record.replicate and record.source is not None:
            again.setdefault(record.source, []).append(record.trial)
    scale, base = study.definition.scale, study.base
    data = [_trial(record, trials.by_number[record.trial], decisions, rows, again) for record in study.records]
    return {
        "score": {
            "name": scale.name,
            "factor": scale.factor,
            "unit": scale.unit,
            "maximize": study.question.goal.sign > 0,
        },
        "sizes": {"search": study.search_size, "deployment": study.definition.image_size},
        "base": base.trial if base else None,
        "command": commands(study),
        "decisions": list(decisions),
        "rows": [[row.name, row.words, row.width, row.side, row.repeats, row.macs, row.params] for row in rows],
        "trials": data,
    }


def _trial(
    record: Record,
    described: Described,
    decisions: dict[tuple[str, str], int],
    rows: dict[Row, int],
    again: Mapping[int, Sequence[int]],
) -> dict[str, Any]:
    known = {
        "n": record.trial,
        "state": record.state,
        "score": _short(record.top1),
        "curve": [_short(score) for score in record.top1_by_epoch],
        "loss": [_short(loss) for loss in record.loss_by_epoch],
        "macs": record.macs,
        "params": record.params,
        "peak": record.peak_bytes,
        "latency": _short(record.latency_ms),
        "seconds": _short(record.seconds),
        "seed": record.seed,
        "origin": record.origin,
        "digest": record.digest,
        "reason": record.reason,
        "source": record.source,
        "again": again.get(record.trial),
        "short": described.short,
        "further": described.further,
        "size": member_size(record),
        "d": [decisions.setdefault(pair, len(decisions)) for pair in described.labels.items()],
        "r": [rows.setdefault(row, len(rows)) for row in described.rows],
    }
    return {name: item for name, item in known.items() if item not in (None, [], "")}


def _short(number: float | None) -> float | None:
    """Five significant digits: what a card shows."""
    return None if number is None else float(f"{number:.5g}")
