"""Which step of a table is the best middle, and whether counting from there is within reach."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from search_spaces.counting.tables import Table

MAX_ROWS = 20_000_000, 4_000_000  # sums on the sorted side, of one axis and of two: about a gigabyte
MAX_QUERIES = 200_000_000, 60_000_000  # about half a minute
ROW_COST = 3  # sorting a row costs as much as so many queries


class Split(NamedTuple):
    """The middle step, the number of queries and of sorted rows."""

    middle: int
    queries: int
    rows: int


def split(table: Table) -> Split:
    """The cheapest middle of a table."""
    splits = []
    ways = {0: 1}
    for index, step in enumerate(table.steps):
        grown: dict[int, int] = {}
        for group in step.groups:
            count = ways[group.source] * (group.stop - group.start)
            grown[group.target] = grown.get(group.target, 0) + count
        splits.append(Split(index, sum(grown.values()), sum(table.ahead[index + 1].values())))
        ways = grown
    return min(splits, key=lambda option: option.queries + ROW_COST * option.rows)


def in_reach(splits: Iterable[Split], axes: int) -> bool:
    """Whether memory and patience suffice for halves of one axis or two."""
    parts = list(splits)
    rows, queries = sum(part.rows for part in parts), sum(part.queries for part in parts)
    return rows <= MAX_ROWS[axes - 1] and queries <= MAX_QUERIES[axes - 1]
