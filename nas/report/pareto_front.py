"""The Pareto front of a study."""

from __future__ import annotations

from collections.abc import Iterable

from nas.report import tables
from nas.study import Record


def pareto_front(records: Iterable[Record], metric: str = "macs", sign: int = 1) -> list[tables.Point]:
    """Pareto front, ascending in cost: complete trainings of the search that no other beats on both score and cost.

    ``sign`` is -1 where less is better. Of equal points the first trial stands.
    """
    best, members = float("-inf"), []
    points = tables.points(tables.searched(records, "complete"), metric)
    for point in sorted(points, key=lambda p: (p.cost, -sign * p.top1, p.trial)):
        if sign * point.top1 > best:
            best = sign * point.top1
            members.append(point)
    return members
