"""Exact counts, uniform draws and nearest costs, by meeting in the middle.

One step of the chain is the middle. Every way through the steps before it (A) and every edge of it make a query to
all ways through the steps after it (R), sorted: how many of these bring the sum into the window? Nothing is drawn
in vain, and a window that hardly anything meets is as fast as any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from search_spaces.counting.runs import Run
from search_spaces.counting.tables import Group, Ints, Table
from search_spaces.counting.wavelet import Wavelet
from search_spaces.counting.windows import Window

MOST_ROWS = 20_000_000  # sums on the sorted side
MOST_QUERIES = 60_000_000
CHUNK = 1 << 17  # queries at a time, so that they stay in the cache
ROW_COST = 3  # sorting a row costs as much as so many queries


class Split(NamedTuple):
    """The middle step, the number of queries and of sorted rows."""

    middle: int
    queries: int
    rows: int


def split(table: Table) -> Split | None:
    """The cheapest middle of a table, or None where every one is too large for memory or patience."""
    best: Split | None = None
    ways = {0: 1}
    for index, step in enumerate(table.steps):
        queries = sum(ways[group.source] * (group.stop - group.start) for group in step.groups)
        rows = sum(table.ahead[index + 1].values())
        if best is None or queries + ROW_COST * rows < best.queries + ROW_COST * best.rows:
            best = Split(index, queries, rows)
        grown: dict[int, int] = {}
        for group in step.groups:
            own = ways[group.source] * (group.stop - group.start)
            grown[group.target] = grown.get(group.target, 0) + own
        ways = grown
    return best if best and best.rows <= MOST_ROWS and best.queries <= MOST_QUERIES else None


@dataclass(frozen=True)
class _Block:
    """Queries ``begin`` onwards: each edge of a group of the middle by each sum of A at its source."""

    group: Group
    begin: int
    sums: Mapping[str, Ints]
    edges: Mapping[str, Ints]

    @property
    def rows(self) -> int:
        return len(next(iter(self.sums.values())))

    @property
    def queries(self) -> int:
        return self.rows * (self.group.stop - self.group.start)

    def base(self, axis: str, query: Ints) -> Ints:
        """What is spent before R, for queries counted from the block's own first."""
        edge, row = np.divmod(query, self.rows)
        return self.edges[axis][edge] + self.sums[axis][row]


class _Sorted:
    """R at one state: its sums sorted by the first axis, and ranks by the second where there is one."""

    def __init__(self, sums: Mapping[str, Ints]) -> None:
        first, *rest = sums
        self.order = np.argsort(sums[first], kind="stable").astype(np.int32)
        self.first = sums[first][self.order]
        self.second: Ints | None = None
        if rest:
            own = sums[rest[0]][self.order]
            self.by_second = np.argsort(own, kind="stable").astype(np.int32)
            self.second = own[self.by_second]
            ranks = np.empty_like(self.by_second)
            ranks[self.by_second] = np.arange(len(own), dtype=np.int32)
            self.wavelet = Wavelet(ranks)


class Nearest(NamedTuple):
    """A cost that exists, and the edges of an architecture that has it, shape (steps,)."""

    cost: int
    edges: Ints


class Halves:
    """The paths of a table whose sums lie in one or two windows.

    ``limits``: windows by axis, macs or params; with two, the second is the one that :meth:`nearest` is about.
    ``middle``: from :func:`split`.
    """

    def __init__(self, table: Table, limits: Mapping[str, Window], middle: int) -> None:
        self._axes = tuple(limits)
        self._limits = limits
        step = table.steps[middle]
        self._before = Run(table.steps[:middle], self._axes, forward=True)
        self._after = Run(table.steps[middle + 1 :], self._axes, forward=False)
        self._sides = {state: _Sorted(sums) for state, sums in self._after.sums.items()}
        self._order = {s: np.argsort(sums[self._axes[0]], kind="stable") for s, sums in self._before.sums.items()}
        self._blocks: list[_Block] = []
        begin = 0
        for group in step.groups:
            order, own = self._order[group.source], self._before.sums[group.source]
            edges = {axis: step.costs[axis][group.start : group.stop] for axis in self._axes}
            block = _Block(group, begin, {axis: own[axis][order] for axis in self._axes}, edges)
            self._blocks.append(block)
            begin += block.queries

    @cached_property
    def _running(self) -> Ints:
        """Numbers of paths before each query, int64 of shape (queries + 1,)."""
        total = sum(block.queries for block in self._blocks)
        found = np.zeros(total + 1, dtype=np.int64)
        for block, query in self._chunks():
            begin = block.begin + int(query[0]) + 1
            found[begin : begin + len(query)] = self._counts(block, query)
        return np.cumsum(found, out=found)

    @property
    def count(self) -> int:
        """Number of paths within the windows."""
        return int(self._running[-1])

    def _chunks(self) -> Iterator[tuple[_Block, Ints]]:
        for block in self._blocks:
            for start in range(0, block.queries, CHUNK):
                yield block, np.arange(start, min(start + CHUNK, block.queries))

    def _stretch(self, block: _Block, query: Ints) -> tuple[Ints, Ints]:
        """Where the rows of R within the first window begin and end."""
        side, window = self._sides[block.group.target], self._limits[self._axes[0]]
        return _stretch(side.first, block.base(self._axes[0], query), window)

    def _ranks(self, block: _Block, query: Ints) -> tuple[Ints, Ints]:
        """The ranks by the second axis from which, and up to which, the second window goes."""
        second = self._sides[block.group.target].second
        assert second is not None
        return _stretch(second, block.base(self._axes[1], query), self._limits[self._axes[1]])

    def _counts(self, block: _Block, query: Ints) -> Ints:
        begin, end = self._stretch(block, query)
        if len(self._axes) == 1:
            return np.maximum(end - begin, 0)  # type: ignore[no-any-return]
        low, high = self._ranks(block, query)
        found = np.zeros(len(query), dtype=np.int64)
        some = np.flatnonzero((end > begin) & (high > low))
        begin, end, low, high = (each[some] for each in (begin, end, low, high))
        wavelet = self._sides[block.group.target].wavelet
        found[some] = wavelet.within(begin, end, high) - wavelet.within(begin, end, low)
        return found

    def sample(self, rng: np.random.Generator, n: int) -> Ints:
        """n paths, each uniform and independent: the edge of each step, int32 of shape (n, steps)."""
        return self.at(rng.integers(0, self.count, size=n))

    def at(self, number: Ints) -> Ints:
        """The paths of these numbers, 0 to count - 1, shape (n,): every path has one."""
        n, order = len(number), np.argsort(number)
        number = number[order]
        query = np.searchsorted(self._running, number, side="right") - 1
        rest = number - self._running[query]
        parts = []
        for block in self._blocks:
            first, last = np.searchsorted(query, (block.begin, block.begin + block.queries))
            if first < last:
                own = query[first:last] - block.begin
                parts.append(self._edges(block, own, self._rows(block, own, rest[first:last])))
        found = np.empty((n, parts[0].shape[1]), dtype=np.int32)
        found[order] = np.concatenate(parts)
        return found

    def _rows(self, block: _Block, query: Ints, number: Ints) -> Ints:
        """The row of R that is ``number``-th among those within the windows."""
        begin, end = self._stretch(block, query)
        if len(self._axes) == 1:
            return begin + number
        side = self._sides[block.group.target]
        low, _ = self._ranks(block, query)
        rank = side.wavelet.select(begin, end, number + side.wavelet.within(begin, end, low))
        return side.by_second[rank]

    def _edges(self, block: _Block, query: Ints, row: Ints) -> Ints:
        edge, before = np.divmod(query, block.rows)
        group = block.group
        return np.concatenate(
            [
                self._before.edges(group.source, self._order[group.source][before]),
                (group.start + edge)[:, None].astype(np.int32),
                self._after.edges(group.target, self._sides[group.target].order[row]),
            ],
            axis=1,
        )

    # Costs that exist, of the last axis.

    def nearest(self, value: int, sign: int) -> Nearest | None:
        """The least existing cost of the last axis from ``value`` upwards (``sign`` 1), or the greatest up to it
        (-1), among paths within the other window; None where there is none."""
        axis = self._axes[-1]
        best: tuple[int, _Block, int, int] | None = None
        for block, query in self._chunks():
            base = block.base(axis, query)
            hopes, rows = self._hopes(block, value - base, sign)
            promising = np.flatnonzero(rows >= 0)
            if best is not None:
                total = base[promising] + hopes[promising]
                promising = promising[sign * total < sign * best[0]]
            if len(promising) and len(self._axes) > 1:
                promising, hopes, rows = self._kept(block, query, value - base, promising, sign)
            if len(promising):
                total = base[promising] + hopes[promising]
                at = promising[np.argmin(sign * total)]
                found = int(base[at] + hopes[at])
                if best is None or sign * found < sign * best[0]:
                    best = (found, block, int(query[at]), int(rows[at]))
        if best is None:
            return None
        cost, block, number, row = best
        return Nearest(cost, self._edges(block, np.array([number]), np.array([row]))[0])

    def _hopes(self, block: _Block, left: Ints, sign: int) -> tuple[Ints, Ints]:
        """The best sum of R for what is left of each query, whatever the other axis says, and its row; -1:
        none."""
        side = self._sides[block.group.target]
        values = side.first if side.second is None else side.second
        rank = np.searchsorted(values, left, side="left") if sign > 0 else np.searchsorted(values, left, "right") - 1
        rank = np.where(rank < len(values), rank, -1)
        return values[rank], rank

    def _kept(self, block: _Block, query: Ints, left: Ints, promising: Ints, sign: int) -> tuple[Ints, Ints, Ints]:
        """Of the promising queries those with a row in the first window; for all, the best sum and its row."""
        side = self._sides[block.group.target]
        assert side.second is not None
        begin, end = self._stretch(block, query[promising])
        bound = np.searchsorted(side.second, left[promising], side="left" if sign > 0 else "right")
        number = side.wavelet.within(begin, np.maximum(begin, end), bound) - (sign < 0)
        exists = np.flatnonzero((end > begin) & (number >= 0) & (number < end - begin))
        kept = promising[exists]
        hopes, rows = np.zeros(len(query), dtype=np.int64), np.full(len(query), -1, dtype=np.int64)
        rank = side.wavelet.select(begin[exists], end[exists], number[exists])
        hopes[kept], rows[kept] = side.second[rank], side.by_second[rank]
        return kept, hopes, rows


def _stretch(values: Ints, base: Ints, window: Window) -> tuple[Ints, Ints]:
    """Begin and end of the sorted values that bring each base into the window."""
    end = np.searchsorted(values, window.high - base, side="right")
    if window.low <= 0:
        return np.zeros_like(end), end
    return np.searchsorted(values, window.low - base, side="left"), end
