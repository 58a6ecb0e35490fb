"""Stopping trainings before their end: pure functions of the records."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from nas.study import rungs
from nas.study.records import Record

MIN_CURVES = 5


def never(records: Sequence[Record], record: Record, epochs: int) -> bool:
    """Every training runs to its last epoch."""
    return False


def median(records: Sequence[Record], record: Record, epochs: int) -> bool:
    """Prune where the best score so far is below the median of the completed trials at this epoch.

    The rule of Golovin et al. 2017 (Vizier, sec. 3.2.2) on single values in place of running averages. The
    first quarter of the epochs and studies with fewer than five completed trials are left alone.
    """
    epoch, curve = record.epochs, record.top1_by_epoch
    if epoch >= epochs or epoch <= max(1, epochs // 4):
        return False
    at_epoch = [
        r.top1_by_epoch[epoch - 1]
        for r in records
        if r.state == "complete" and r.replicate == 0 and len(r.top1_by_epoch) >= epoch
    ]
    return len(at_epoch) >= MIN_CURVES and max(curve) < statistics.median(at_epoch)


def _none(*_: object) -> None:
    """No training that was stopped goes on."""


def _no_trials(*_: object) -> set[int]:
    """No checkpoint of a stopped training is needed."""
    return set()


def _whole(trials: int, epochs: int, wanted: int) -> float:
    """Every training runs to its end."""
    return float(trials * epochs)


@dataclass(frozen=True)
class Pruner:
    """``should_stop(records, record, epochs)``: True where the training of ``record``, of at most ``epochs``, stops
    after the epoch that it has come to; ``records`` hold it, too. All scores are numbers to maximise: where less is
    better they come negated. ``next_up(records, epochs)``: the stopped training that goes on now, or None;
    ``closing(records, epochs, wanted)``: the same once no candidate is to be proposed any more and ``wanted`` are to be
    complete. ``may_go_on(records, epochs)``: stopped trials whose checkpoints may still be needed.
    ``workload(trials, epochs, wanted)``: about how many epochs it lets so many trials make, at most all."""

    should_stop: Callable[[Sequence[Record], Record, int], bool]
    next_up: Callable[[Sequence[Record], int], Record | None] = _none
    closing: Callable[[Sequence[Record], int, int], Record | None] = _none
    may_go_on: Callable[[Sequence[Record], int], set[int]] = _no_trials
    workload: Callable[[int, int, int], float] = _whole

    @property
    def has_rungs(self) -> bool:
        """Whether what it stops may go on later."""
        return self.next_up is not _none


def _by_rungs(top: rungs.Top, likely: int) -> Pruner:
    return Pruner(
        should_stop=partial(rungs.should_stop, top=top),
        next_up=partial(rungs.next_up, top=top),
        closing=rungs.closing,
        may_go_on=rungs.may_go_on,
        workload=partial(rungs.workload, likely=likely),
    )


PRUNERS: dict[str, Pruner] = {
    "halving": _by_rungs(rungs.last, likely=rungs.RUNGS),
    "pasha": _by_rungs(rungs.while_unstable, likely=2),
    "median": Pruner(median),
    "none": Pruner(never),
}
"""A new pruner is one line."""
