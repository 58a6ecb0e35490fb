"""What is known of a training after some epochs: the number that it is ranked by before its end."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from nas.study.records import Record

TRAINED = ("complete", "pruned", "running")
SMOOTHED = 4  # the last epoch in so many of those made, at least one, are averaged


def signals(records: Sequence[Record], epoch: int) -> list[float]:
    """A number to maximise for each record, which all have reached ``epoch`` (from 1): its training loss there,
    negated and smoothed over the last quarter of the epochs. It ranks by what comes out in the end better than the
    validation score does (measured in ``benchmarks/rungs.md``). Where a record has no losses, as under the user's own
    evaluator, the scores of all at that epoch."""
    if not all(len(record.loss_by_epoch) >= epoch for record in records):
        return [record.top1_by_epoch[epoch - 1] for record in records]
    begin = epoch - max(1, epoch // SMOOTHED)
    return [-statistics.fmean(record.loss_by_epoch[begin:epoch]) for record in records]


def reached(records: Sequence[Record], epoch: int) -> list[Record]:
    """The records of search trainings that have come as far as ``epoch``."""
    return [r for r in records if r.replicate == 0 and r.state in TRAINED and len(r.top1_by_epoch) >= epoch]
