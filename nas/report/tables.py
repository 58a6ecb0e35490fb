"""What figures and cards show of records: plain values, computed before anything is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import NamedTuple

from nas.study import Record, noise


class Point(NamedTuple):
    """A trial by its cost and its score: top-1 as a fraction, or that of the user's own evaluator."""

    cost: float
    top1: float
    trial: int


@dataclass(frozen=True)
class Retrained:
    """The candidate of a search trial, trained again: mean, deviation (n - 1) and number of its further scores. The
    search's own score is left out: the network was chosen because that score was high."""

    trial: int
    cost: float
    mean: float
    deviation: float
    seeds: int


def searched(records: Iterable[Record], state: str) -> list[Record]:
    """The trials of the search itself, without later trainings with other seeds, that ended in this state."""
    return [record for record in records if record.replicate == 0 and record.state == state]


def points(records: Iterable[Record], metric: str = "macs") -> list[Point]:
    """The records that have a score."""
    return [Point(cost(r, metric), r.top1, r.trial) for r in records if r.top1 is not None]


def cost(record: Record, metric: str) -> float:
    """What a network costs, by the name of the field."""
    return float(getattr(record, metric))


def retrained(records: Iterable[Record], metric: str = "macs") -> list[Retrained]:
    """The candidates that were trained again, by trial."""
    by_trial = {record.trial: record for record in records}
    groups = noise.retrained(by_trial.values())
    return [_again(by_trial[trial], scores, metric) for trial, scores in sorted(groups.items()) if trial in by_trial]


def _again(record: Record, scores: list[float], metric: str) -> Retrained:
    deviation = stdev(scores) if len(scores) > 1 else 0.0
    return Retrained(record.trial, cost(record, metric), fmean(scores), deviation, len(scores))


def counts(records: Iterable[Record]) -> Counter[str]:
    """How many trials of the search ended in each state."""
    return Counter(record.state for record in records if record.replicate == 0)
