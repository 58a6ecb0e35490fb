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
    search's own score is left out of the mean, because the network was chosen for it; ``searched`` is that score."""

    trial: int
    cost: float
    searched: float
    mean: float
    deviation: float
    seeds: int


def searched(records: Iterable[Record], state: str) -> list[Record]:
    """The trials of the search itself, without later trainings with other seeds, that ended in this state."""
    return [record for record in records if record.replicate == 0 and record.state == state]


def points(records: Iterable[Record], metric: str = "macs") -> list[Point]:
    """The records that have a score, and whose cost by ``metric`` is known (a latency may not have been measured)."""
    scored = (r for r in records if r.top1 is not None and getattr(r, metric) is not None)
    return [Point(cost(r, metric), float(r.top1 or 0.0), r.trial) for r in scored]


def cost(record: Record, metric: str) -> float:
    """What a network costs, by the name of the field."""
    return float(getattr(record, metric))


def retrained(records: Iterable[Record], metric: str = "macs") -> list[Retrained]:
    """The candidates that were trained again, by trial."""
    by_trial = {record.trial: record for record in records}
    groups = noise.retrained(by_trial.values())
    known = [by_trial[trial] for trial in sorted(groups) if trial in by_trial]
    return [_again(record, groups[record.trial], metric) for record in known if getattr(record, metric) is not None]


def _again(record: Record, scores: list[float], metric: str) -> Retrained:
    deviation = stdev(scores) if len(scores) > 1 else 0.0
    return Retrained(
        record.trial, cost(record, metric), float(record.top1 or 0.0), fmean(scores), deviation, len(scores)
    )


def counts(records: Iterable[Record]) -> Counter[str]:
    """How many trials of the search ended in each state."""
    return Counter(record.state for record in records if record.replicate == 0)
