"""Rungs: trainings stop at a few epochs, and only the best of those that came so far go on (Li et al. 2020, ASHA).

Everything is a pure function of the records, so that a study that is resumed decides as before. A training that stops
keeps its checkpoint as long as it may go on.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from itertools import combinations
from math import ceil

from nas.study.curves import reached, signals
from nas.study.records import Record

REDUCTION = 4  # one of so many goes on from each rung
RUNGS = 3  # at most, the last epoch among them
SOFT = 0.25  # deviations of a rung's signals: an order that changes by less has not changed

Top = Callable[[Sequence[Record], Sequence[int]], int]
"""From records and rungs to the index of the highest rung that a search training may reach."""


def rungs(epochs: int) -> tuple[int, ...]:
    """The epochs after which trainings are compared, the last one among them: a sixteenth, a quarter, all."""
    return tuple(sorted({ceil(epochs / REDUCTION**power) for power in range(RUNGS)}))


def best_at(records: Sequence[Record], rung: int) -> list[Record]:
    """The records that have come to a rung, best first by the training loss there; ties to the earlier trial."""
    here = reached(records, rung)
    ranked = sorted(zip(signals(here, rung), here, strict=True), key=lambda pair: (-pair[0], pair[1].trial))
    return [record for _, record in ranked]


def last(records: Sequence[Record], steps: Sequence[int]) -> int:
    """Successive halving: the best go on to the last epoch."""
    return len(steps) - 1


def while_unstable(records: Sequence[Record], steps: Sequence[int]) -> int:
    """PASHA (Bohdal et al. 2023): two rungs, and one more as long as the highest two order the trainings that reached
    both differently, by more than SOFT."""
    top = min(1, len(steps) - 1)
    while top < len(steps) - 1 and _is_unstable(records, steps[top - 1], steps[top]):
        top += 1
    return top


def _is_unstable(records: Sequence[Record], low: int, high: int) -> bool:
    here = reached(records, high)
    if len(here) < 2:
        return False
    lower, higher = _normal(signals(here, low)), _normal(signals(here, high))
    pairs = combinations(range(len(here)), 2)
    return any(
        (lower[one] - lower[other]) * (higher[one] - higher[other]) < 0
        and min(abs(lower[one] - lower[other]), abs(higher[one] - higher[other])) > SOFT
        for one, other in pairs
    )


def _normal(numbers: Sequence[float]) -> list[float]:
    deviation = statistics.pstdev(numbers) or 1.0
    return [number / deviation for number in numbers]


def should_stop(records: Sequence[Record], record: Record, epochs: int, top: Top) -> bool:
    """Whether a training that has come to an epoch stops there for now: at a rung where it is not among the best, or
    that is the highest in use."""
    steps = rungs(epochs)
    if record.epochs not in steps[:-1]:
        return False
    if steps.index(record.epochs) >= top(records, steps):
        return True
    ranked = best_at(records, record.epochs)
    return record.trial not in {r.trial for r in ranked[: len(ranked) // REDUCTION]}


def next_up(records: Sequence[Record], epochs: int, top: Top) -> Record | None:
    """The stopped training that goes on now: the best of those that belong to the best at their rung, from the highest
    rung on; None where there is none."""
    steps = rungs(epochs)
    for rung in reversed(steps[: top(records, steps)]):
        ranked = best_at(records, rung)
        for record in ranked[: len(ranked) // REDUCTION]:
            if _stands_at(record, rung):
                return record
    return None


def closing(records: Sequence[Record], epochs: int, wanted: int) -> Record | None:
    """The stopped training that goes on when nothing else is left to train and fewer than ``wanted`` are complete: the
    best at the highest rung."""
    if sum(r.state == "complete" and r.replicate == 0 for r in records) >= wanted:
        return None
    for rung in reversed(rungs(epochs)[:-1]):
        stopped = [record for record in best_at(records, rung) if _stands_at(record, rung)]
        if stopped:
            return stopped[0]
    return None


def may_go_on(records: Sequence[Record], epochs: int) -> set[int]:
    """Trials whose checkpoints are still needed: stopped, and in the better half at their rung."""
    trials: set[int] = set()
    for rung in rungs(epochs)[:-1]:
        ranked = best_at(records, rung)
        trials |= {r.trial for r in ranked[: ceil(len(ranked) / 2)] if _stands_at(r, rung)}
    return trials


def workload(trials: int, epochs: int, wanted: int, likely: int) -> float:
    """Epochs of so many trials, where one in REDUCTION goes on from each of the first ``likely`` rungs and ``wanted``
    are complete in the end."""
    total, before = 0.0, 0
    for index, rung in enumerate(rungs(epochs)):
        going_on = trials // REDUCTION**index if index < likely else 0
        total += (rung - before) * max(going_on, min(wanted, trials))
        before = rung
    return total


def _stands_at(record: Record, rung: int) -> bool:
    return record.state == "pruned" and len(record.top1_by_epoch) == rung
