"""The driver's pen: appends to the log and keeps the fold over it, so that memory and disk never differ."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nas.study.log import Event, Log
from nas.study.records import Folded, Record, apply, fold, write_records

Progress = Callable[[Event], None]

DURABLE = (
    "proposed",
    "continued",
    "again",
    "finished",
    "measured",
    "unsteady",
    "reference",
    "noise",
    "base",
    "smaller_base",
    "ended",
)
REWRITE = 5.0  # seconds between rewrites of records.jsonl while the study runs, at least
SHARE = 0.01  # of the time, at most, that these rewrites may take


class Journal:
    """Events in, records out. ``progress`` is called with each event once it is in the log."""

    def __init__(self, folder: Path, log: Log, progress: Progress | None) -> None:
        self._folder = folder
        self._log = log
        self._progress = progress
        self._by_key: dict[str, int] = {}
        self._running: set[int] = set()
        self._counted: set[int] = set()
        self._next_rewrite = time.monotonic() + REWRITE
        self.folded: Folded = fold(log.content.events)
        self.problems = (*log.content.problems, *self.folded.problems)
        for record in self.folded.records.values():
            self._keep_track(record)

    @property
    def records(self) -> dict[int, Record]:
        return self.folded.records

    def add(self, event: str, **fields: Any) -> None:
        """Append an event, take it in, tell whoever watches."""
        written = self._log.append(event, durable=event in DURABLE, **fields)
        apply(self.folded, written)
        if (record := self.records.get(written.get("trial", -1))) is not None:
            self._keep_track(record)
        if self._progress is not None:
            self._progress(written)

    def add_epoch(self, trial: int, epoch: int, metrics: Mapping[str, Any]) -> None:
        """Append an epoch's top-1, loss and seconds, once, also where a resumed training tells it again; what is no
        finite number is left out."""
        if epoch > self.records[trial].epochs:
            loss, seconds = _finite(metrics.get("loss")), _finite(metrics.get("seconds"))
            self.add("epoch", trial=trial, epoch=epoch, top1=metrics["top1"], loss=loss, seconds=seconds)

    def finish(self, trial: int, record: Record, state: str, **fields: Any) -> Record:
        """Record the end of a trial."""
        ended = replace(record, state=state, **fields)
        self.add("finished", trial=trial, record=ended.to_data())
        if time.monotonic() > self._next_rewrite:
            self.write()
        return ended

    def source(self, training_key: str) -> int | None:
        """The search trial whose training has this key, in whatever state, or None."""
        return self._by_key.get(training_key)

    def running(self, *, replicates: bool) -> list[Record]:
        """Trainings without an end: of the search, or of the retraining; those that wait for another's are
        left out."""
        return [r for r in self._unfinished() if (r.replicate > 0) is replicates and (replicates or r.source is None)]

    def waiting(self) -> list[Record]:
        """Proposals equal to a training that was running; they take its score."""
        return [r for r in self._unfinished() if r.replicate == 0 and r.source is not None]

    def _unfinished(self) -> list[Record]:
        return [self.records[trial] for trial in sorted(self._running)]

    def begun(self) -> int:
        """Different trainings that the search has begun."""
        return len(self._by_key)

    def counted(self) -> int:
        """Trainings that count towards ``--trials``."""
        return len(self._counted)

    def write(self) -> None:
        """Rewrite ``records.jsonl`` from the fold."""
        began = time.monotonic()
        write_records(self._folder, self.records)
        ended = time.monotonic()
        self._next_rewrite = ended + max(REWRITE, (ended - began) / SHARE)

    def check(self) -> None:
        """Raise OSError where the study's folder is gone."""
        self._log.check()

    def close(self) -> None:
        if self._log.is_there:
            self.write()
        self._log.close()

    def _keep_track(self, record: Record) -> None:
        """Keep what is asked after each event, so that no answer goes through all records."""
        for trials, belongs in ((self._running, record.state == "running"), (self._counted, record.counted)):
            (trials.add if belongs else trials.discard)(record.trial)
        if record.training_key and record.replicate == 0 and record.source is None:
            self._by_key[record.training_key] = record.trial


def _finite(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
