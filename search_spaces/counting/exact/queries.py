"""The two sides of a middle: queries from before it, and sorted sums after it that answer them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from search_spaces.counting.exact.ladder import Ladder
from search_spaces.counting.exact.wavelet import Wavelet
from search_spaces.counting.tables import Group, Ints


@dataclass(frozen=True)
class QueryBlock:
    """Queries: each edge of a group of the middle by each sum of A at its source."""

    group: Group
    sums: Mapping[str, Ints]
    edges: Mapping[str, Ints]

    @cached_property
    def rows(self) -> int:
        """Number of sums of A."""
        return len(next(iter(self.sums.values())))

    @property
    def queries(self) -> int:
        """Number of queries."""
        return self.rows * (self.group.stop - self.group.start)

    def base(self, query: Ints) -> dict[str, Ints]:
        """What is spent before R along each axis, for queries counted from the block's own first."""
        edge, row = np.divmod(query, self.rows)
        return {axis: self.edges[axis][edge] + self.sums[axis][row] for axis in self.sums}

    def bases(self, start: int, stop: int) -> dict[str, Ints]:
        """The same for a stretch of queries."""
        first, last = start // self.rows, (stop - 1) // self.rows
        inside = slice(start - first * self.rows, stop - first * self.rows)
        edges = slice(first, last + 1)
        return {axis: np.add.outer(self.edges[axis][edges], self.sums[axis]).ravel()[inside] for axis in self.sums}

    def chunks(self, size: int) -> Iterator[tuple[int, int]]:
        """Stretches of at most ``size`` queries."""
        return ((start, min(start + size, self.queries)) for start in range(0, self.queries, size))


class SortedSums:
    """R at one state: its sums sorted by the first axis, and ranks by the second where there is one."""

    def __init__(self, sums: Mapping[str, Ints]) -> None:
        first, *rest = sums
        self.order = np.argsort(sums[first], kind="stable").astype(np.int32)
        self.first = Ladder(sums[first][self.order])
        self.second: Ladder | None = None
        if rest:
            second = sums[rest[0]][self.order]
            self.by_second = np.argsort(second, kind="stable").astype(np.int32)
            self.second = Ladder(second[self.by_second])
            ranks = np.empty_like(self.by_second)
            ranks[self.by_second] = np.arange(len(second), dtype=np.int32)
            self.wavelet = Wavelet(ranks)
