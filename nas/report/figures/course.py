"""The course of a search: the best so far over what was spent, and how it would have gone by other luck."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from nas.study import Record
from nas.study.records import COUNTED

UNITS = {"trainings": "trainings to the end, or epochs worth one", "seconds": "device-hours"}
RESAMPLED = 200  # courses of a search whose trainings are drawn again
GRID = 60  # places at which they are compared
BAND = (0.05, 0.95)

Step = tuple[float, float, int]
"""(spent, best so far, trial)."""
Row = tuple[float, float, float, float]
"""(spent, low, expected, high)."""


def price(record: Record, whole: int, unit: str) -> float:
    """What a training cost in ``unit``, a key of UNITS; ``whole`` are the epochs of one to the end."""
    return record.seconds / 3600 if unit == "seconds" else record.epochs / max(1, whole)


def score(record: Record) -> float:
    return float(record.top1 or 0.0)


def is_whole(record: Record) -> bool:
    """Whether it was trained to its end, and so has a score to compare."""
    return record.state == "complete" and record.top1 is not None


def trained(records: Sequence[Record]) -> list[Record]:
    """The trainings of a search, without further seeds."""
    return [record for record in records if record.replicate == 0 and record.state in COUNTED]


def steps(records: Sequence[Record], whole: int, unit: str, sign: int) -> tuple[Step, ...]:
    """A step at each improvement, and one at the end; none before the first whole training."""
    spent, improvements = 0.0, []
    best: Record | None = None
    for record in trained(records):
        spent += price(record, whole, unit)
        if is_whole(record) and (best is None or sign * score(record) > sign * score(best)):
            best = record
            improvements.append((spent, score(record), record.trial))
    return (*improvements, (spent, score(best), best.trial)) if best is not None else ()


def resampled(records: Sequence[Record], whole: int, unit: str, sign: int) -> tuple[Row, ...]:
    """Over what was spent, the mean and the 5 and 95 % quantiles of the best so far, were as many trainings drawn from
    these again with replacement (Efron 1979); from where every course has a whole training."""
    drawn = trained(records)
    if not any(map(is_whole, drawn)):
        return ()
    rng, end = Random(0), sum(price(record, whole, unit) for record in drawn)
    courses = [steps(rng.choices(drawn, k=len(drawn)), whole, unit, sign) for _ in range(RESAMPLED)]
    courses = [course for course in courses if course]
    rows = []
    for place in range(1, GRID + 1):
        spent = end * place / GRID
        bests = sorted(best for course in courses if (best := _at(course, spent)) is not None)
        if len(bests) == len(courses):
            low, high = (bests[round(share * (len(bests) - 1))] for share in BAND)
            rows.append((spent, low, sum(bests) / len(bests), high))
    return tuple(rows)


def _at(course: Sequence[Step], spent: float) -> float | None:
    reached = [best for place, best, _ in course if place <= spent]
    return reached[-1] if reached else None
