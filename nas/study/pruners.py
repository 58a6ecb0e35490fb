"""Stopping hopeless trainings early: a pure function of the records and one learning curve."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable

from nas.study.records import Record

MIN_CURVES = 5

ShouldPrune = Callable[[Iterable[Record], tuple[float, ...], int], bool]


def never(records: Iterable[Record], curve: tuple[float, ...], epochs: int) -> bool:
    """Every training runs to its last epoch."""
    return False


def median(records: Iterable[Record], curve: tuple[float, ...], epochs: int) -> bool:
    """Prune where the best score so far is below the median of the completed trials at this epoch.

    The rule of Golovin et al. 2017 (Vizier, sec. 3.2.2) on single values in place of running averages. The
    first quarter of the epochs and studies with fewer than five completed trials are left alone.
    """
    epoch = len(curve)
    if epoch >= epochs or epoch <= max(1, epochs // 4):
        return False
    at_epoch = [
        r.top1_by_epoch[epoch - 1]
        for r in records
        if r.state == "complete" and r.replicate == 0 and len(r.top1_by_epoch) >= epoch
    ]
    return len(at_epoch) >= MIN_CURVES and max(curve) < statistics.median(at_epoch)


PRUNERS: dict[str, ShouldPrune] = {
    "median": median,
    "none": never,
}
"""Name to ``should_prune(records, curve, epochs)``: True where the training with this curve of scores (one
an epoch, of at most ``epochs``) is to be stopped. All scores are numbers to maximise: where less is better they come
negated. A new pruner is one function and one line."""
