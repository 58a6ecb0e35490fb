"""What figures and cards show of records: plain values, computed before anything is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, stdev

from nas.study import Record, noise


@dataclass(frozen=True)
class Retrained:
    """A candidate trained again: the record of its search trial, and mean, deviation (n - 1) and number of the further
    scores. The search's own score is left out: the network was chosen because that score was high."""

    record: Record
    mean: float
    deviation: float
    n: int


def searched(records: Iterable[Record], state: str) -> list[Record]:
    """The trials of the search itself, without later trainings with other seeds, that ended in this state."""
    return [record for record in records if record.replicate == 0 and record.state == state]


def scored(records: Iterable[Record]) -> list[tuple[Record, float]]:
    """The records that have a score, with it."""
    return [(record, record.top1) for record in records if record.top1 is not None]


def front(records: Iterable[Record], metric: str = "macs") -> list[tuple[Record, float]]:
    """Pareto front, ascending in cost: complete records, with their scores, that no other beats on both top-1 and cost.

    Of equal points the first trial stands.
    """
    complete = scored(searched(records, "complete"))
    complete.sort(key=lambda pair: (getattr(pair[0], metric), -pair[1], pair[0].trial))
    best, members = float("-inf"), []
    for record, top1 in complete:
        if top1 > best:
            best = top1
            members.append((record, top1))
    return members


def retrained(records: Iterable[Record]) -> list[Retrained]:
    """The candidates that were trained again, by trial."""
    by_trial = {record.trial: record for record in records}
    groups = noise.retrained(by_trial.values())
    return [
        Retrained(by_trial[trial], fmean(scores), stdev(scores) if len(scores) > 1 else 0.0, len(scores))
        for trial, scores in sorted(groups.items())
        if trial in by_trial
    ]


def counts(records: Iterable[Record]) -> Counter[str]:
    """How many trials of the search ended in each state."""
    return Counter(record.state for record in records if record.replicate == 0)
