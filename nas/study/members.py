"""Studies of given networks, scaled from one base, in place of a space: what their records say of each member, its mean
over its seeds, how sure that is, and whether two differ."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, sqrt

from nas.study.records import Record

MEMBER, SIDE = "member", "image_size"  # decisions: the network's name, and its image size in pixels
KNOWN = "known"  # label of a network that is trained beside the members
DONE = ("complete", "reused")
LEVEL = 0.95


@dataclass(frozen=True)
class Row:
    """One member: ``scores`` are its validation top-1 (0 to 1), a seed each; ``low`` and ``high`` the 95 % interval of
    their mean (None with one seed each), by the deviation between seeds: pooled over the members, that of a known
    network beside them by its own seeds, since another kind of network may differ more from seed to seed."""

    name: str
    labels: dict[str, str]
    image_size: int
    macs: int
    params: int
    scores: tuple[float, ...]
    low: float | None
    high: float | None
    reused: str | None = None

    @property
    def mean(self) -> float:
        return statistics.fmean(self.scores)


@dataclass(frozen=True)
class Difference:
    """The mean of one group of trainings minus that of another, in top-1, with its 95 % interval."""

    mean: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """yes: more; no: less; not resolved: the interval holds 0."""
        return "yes" if self.low > 0 else "no" if self.high < 0 else "not resolved"


@dataclass(frozen=True)
class Results:
    """Rows in the order of the members; ``deviation`` is between seeds of members, with ``freedom`` degrees of
    freedom; differences are those of members."""

    rows: tuple[Row, ...]
    deviation: float | None
    freedom: int

    def __getitem__(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    @property
    def ranked(self) -> list[Row]:
        """Best mean first; ties to fewer MACs."""
        return sorted(self.rows, key=lambda row: (-row.mean, row.macs))

    def difference(self, one: Row, other: Row, among: int = 1) -> Difference:
        """How much better the first is, where the pair was picked ``among`` so many: all their intervals together hold
        with 95 % (Bonferroni). With one seed each the interval is without end."""
        mean = one.mean - other.mean
        if self.deviation is None:
            return Difference(mean, -inf, inf)
        t = _quantile(self.freedom, among)
        half = t * self.deviation * sqrt(1 / len(one.scores) + 1 / len(other.scores))
        return Difference(mean, mean - half, mean + half)

    def rivals(self) -> list[Row]:
        """The best and all that cannot be told from it."""
        best, *others = self.ranked
        return [best, *(row for row in others if self.difference(best, row, len(others)).verdict != "yes")]


def member_size(record: Record) -> int | None:
    """Image size in pixels of a given network; None for one of a space, whose study says it."""
    side = record.decisions.get(SIDE, "")
    return int(side) if MEMBER in record.decisions and side.isdecimal() else None


def results(records: Iterable[Record]) -> Results:
    """The results of a study's records, as far as they go."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        if record.state in DONE and record.top1 is not None and MEMBER in record.decisions:
            groups.setdefault(record.decisions[MEMBER], []).append(record)
    trained = [group for group in groups.values() if all(r.state == "complete" for r in group)]
    deviation, freedom = _pooled([group for group in trained if KNOWN not in group[0].decisions])
    rows = (
        _row(group, *(_pooled([group]) if KNOWN in group[0].decisions else (deviation, freedom)))
        for group in groups.values()
    )
    return Results(tuple(rows), deviation, freedom)


def _row(group: Sequence[Record], deviation: float | None, freedom: int) -> Row:
    first, scores = group[0], tuple(float(record.top1 or 0) for record in group)
    half = None if deviation is None else _quantile(freedom) * deviation / sqrt(len(scores))
    mean = statistics.fmean(scores)
    return Row(
        name=first.decisions[MEMBER],
        labels={name: value for name, value in first.decisions.items() if name not in (MEMBER, SIDE)},
        image_size=int(first.decisions.get(SIDE, 0)),
        macs=first.macs,
        params=first.params,
        scores=scores,
        low=None if half is None else mean - half,
        high=None if half is None else mean + half,
        reused=first.reason if first.state == "reused" else None,
    )


def _pooled(groups: Sequence[Sequence[Record]]) -> tuple[float | None, int]:
    """Standard deviation of top-1 within the groups, and its degrees of freedom."""
    freedom = sum(len(group) - 1 for group in groups)
    if not freedom:
        return None, 0
    scores = [[float(record.top1 or 0) for record in group] for group in groups if len(group) > 1]
    squares = sum(statistics.variance(group) * (len(group) - 1) for group in scores)
    return sqrt(squares / freedom), freedom


def _quantile(freedom: int, among: int = 1) -> float:
    """Student's t at both ends of 95 %, of so many comparisons together."""
    from scipy.stats import t

    return float(t.ppf(1 - (1 - LEVEL) / 2 / among, freedom))
