"""The Pareto front of a study."""

from __future__ import annotations

from collections.abc import Iterable

from nas.report import tables
from nas.study import Record


def pareto_front(records: Iterable[Record], metric: str = "macs") -> list[tables.Point]:
    """Pareto front, ascending in cost: complete trainings of the search that no other beats on both top-1 and cost.

    Of equal points the first trial stands.
    """
    best, members = float("-inf"), []
    for point in sorted(
        tables.points(tables.searched(records, "complete"), metric), key=lambda p: (p.cost, -p.top1, p.trial)
    ):
        if point.top1 > best:
            best = point.top1
            members.append(point)
    return members
