"""Exact counts, uniform draws and nearest costs, by meeting in the middle.

One step of the chain is the middle. Every way through the steps before it (A) and every edge of it make a query to
all ways through the steps after it (R), sorted: how many of these bring the sum into the window? Nothing is drawn
in vain, and a window that hardly anything meets is as fast as any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from search_spaces.counting.exact.ladder import Ladder
from search_spaces.counting.exact.runs import Run
from search_spaces.counting.exact.wavelet import Wavelet
from search_spaces.counting.tables import Group, Ints, Table
from search_spaces.counting.windows import Window

MOST_ROWS = 20_000_000, 4_000_000  # sums on the sorted side, of one axis and of two: about a gigabyte
MOST_QUERIES = 200_000_000, 60_000_000  # about half a minute
CHUNK = 1 << 17  # queries at a time, so that they stay in the cache
STRIDE = 8  # of many queries on one axis, which is quick, only every so manieth running number is kept
MANY = 1 << 25
ROW_COST = 3  # sorting a row costs as much as so many queries


class Split(NamedTuple):
    """The middle step, the number of queries and of sorted rows."""

    middle: int
    queries: int
    rows: int


def split(table: Table) -> Split:
    """The cheapest middle of a table."""
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
    assert best is not None
    return best


def in_reach(splits: Iterable[Split], axes: int) -> bool:
    """Whether memory and patience suffice for halves of one axis or two."""
    own = list(splits)
    rows, queries = sum(each.rows for each in own), sum(each.queries for each in own)
    return rows <= MOST_ROWS[axes - 1] and queries <= MOST_QUERIES[axes - 1]


@dataclass(frozen=True)
class _Block:
    """Queries: each edge of a group of the middle by each sum of A at its source."""

    group: Group
    sums: Mapping[str, Ints]
    edges: Mapping[str, Ints]

    @cached_property
    def rows(self) -> int:
        return len(next(iter(self.sums.values())))

    @property
    def queries(self) -> int:
        return self.rows * (self.group.stop - self.group.start)

    def base(self, query: Ints) -> dict[str, Ints]:
        """What is spent before R along each axis, for queries counted from the block's own first."""
        edge, row = np.divmod(query, self.rows)
        return {axis: self.edges[axis][edge] + self.sums[axis][row] for axis in self.sums}

    def bases(self, start: int, stop: int) -> dict[str, Ints]:
        """The same for a stretch of queries."""
        first, last = start // self.rows, (stop - 1) // self.rows
        own = slice(start - first * self.rows, stop - first * self.rows)
        edges = slice(first, last + 1)
        return {axis: np.add.outer(self.edges[axis][edges], self.sums[axis]).ravel()[own] for axis in self.sums}


class _Sorted:
    """R at one state: its sums sorted by the first axis, and ranks by the second where there is one."""

    def __init__(self, sums: Mapping[str, Ints]) -> None:
        first, *rest = sums
        self.order = np.argsort(sums[first], kind="stable").astype(np.int32)
        self.first = Ladder(sums[first][self.order])
        self.second: Ladder | None = None
        if rest:
            own = sums[rest[0]][self.order]
            self.by_second = np.argsort(own, kind="stable").astype(np.int32)
            self.second = Ladder(own[self.by_second])
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
        for group in step.groups:
            order, own = self._order[group.source], self._before.sums[group.source]
            edges = {axis: step.costs[axis][group.start : group.stop] for axis in self._axes}
            self._blocks.append(_Block(group, {axis: own[axis][order] for axis in self._axes}, edges))
        many = sum(block.queries for block in self._blocks) > MANY
        self._stride = STRIDE if len(self._axes) == 1 and many else 1
        self._before.sums = self._after.sums = {}  # they live on, sorted
        cells = [-(-block.queries // self._stride) for block in self._blocks]
        self._cells = [0, *accumulate(cells)]

    @cached_property
    def _running(self) -> Ints:
        """Numbers of paths before each cell of ``stride`` queries, int64 of shape (cells + 1,)."""
        found = np.zeros(self._cells[-1] + 1, dtype=np.int64)
        for block, begin in zip(self._blocks, self._cells, strict=False):
            for start, stop in _chunks(block):
                own = self._counts(block, block.bases(start, stop))
                if self._stride > 1:
                    own = np.add.reduceat(own, np.arange(0, len(own), self._stride))
                at = begin + start // self._stride + 1
                found[at : at + len(own)] = own
        return np.cumsum(found, out=found)

    @property
    def count(self) -> int:
        """Number of paths within the windows."""
        return int(self._running[-1])

    def _stretch(self, block: _Block, base: Mapping[str, Ints]) -> tuple[Ints, Ints]:
        """Where the rows of R within the first window begin and end."""
        axis = self._axes[0]
        return self._sides[block.group.target].first.stretch(base[axis], self._limits[axis])

    def _ranks(self, block: _Block, base: Mapping[str, Ints]) -> tuple[Ints, Ints]:
        """The ranks by the second axis from which, and up to which, the second window goes."""
        axis, second = self._axes[1], self._sides[block.group.target].second
        assert second is not None
        return second.stretch(base[axis], self._limits[axis])

    def _counts(self, block: _Block, base: Mapping[str, Ints]) -> Ints:
        begin, end = self._stretch(block, base)
        if len(self._axes) == 1:
            return np.maximum(end - begin, 0)  # type: ignore[no-any-return]
        low, high = self._ranks(block, base)
        found = np.zeros(len(begin), dtype=np.int64)
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
        cell = np.searchsorted(self._running, number, side="right") - 1
        rest = number - self._running[cell]
        parts = []
        for block, begin, end in zip(self._blocks, self._cells, self._cells[1:], strict=False):
            first, last = np.searchsorted(cell, (begin, end))
            for start in range(first, last, CHUNK // STRIDE):
                own = slice(start, min(last, start + CHUNK // STRIDE))
                query, left = self._queries(block, cell[own] - begin, rest[own])
                parts.append(self._edges(block, query, self._rows(block, query, left)))
        found = np.empty((n, parts[0].shape[1]), dtype=np.int32)
        found[order] = np.concatenate(parts)
        return found

    def _queries(self, block: _Block, cell: Ints, number: Ints) -> tuple[Ints, Ints]:
        """The query that the ``number``-th path of each cell belongs to, and what is left of the number."""
        if self._stride == 1:
            return cell, number
        query = cell[:, None] * self._stride + np.arange(self._stride)
        inside = query < block.queries
        base = block.base(np.where(inside, query, 0).ravel())
        counts = np.where(inside, self._counts(block, base).reshape(query.shape), 0)
        ends = np.cumsum(counts, axis=1)
        own = (ends <= number[:, None]).sum(axis=1)
        at = np.arange(len(cell)), own
        return query[at], number - (ends[at] - counts[at])

    def _rows(self, block: _Block, query: Ints, number: Ints) -> Ints:
        """The row of R that is ``number``-th among those within the windows."""
        base = block.base(query)
        begin, end = self._stretch(block, base)
        if len(self._axes) == 1:
            return begin + number
        side = self._sides[block.group.target]
        low, _ = self._ranks(block, base)
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
        for block in self._blocks:
            for start, stop in _chunks(block):
                base = block.bases(start, stop)
                query, sums, rows = self._hopes(block, value - base[axis], sign)
                total = base[axis][query] + sums
                if best is not None:
                    better = sign * total < sign * best[0]
                    query, total, rows = query[better], total[better], rows[better]
                if len(self._axes) > 1 and len(query):
                    query, sums, rows = self._kept(block, base, query, value, sign)
                    total = base[axis][query] + sums
                if len(query):
                    at = int(np.argmin(sign * total))
                    if best is None or sign * int(total[at]) < sign * best[0]:
                        best = (int(total[at]), block, start + int(query[at]), int(rows[at]))
        if best is None:
            return None
        cost, block, number, row = best
        return Nearest(cost, self._edges(block, np.array([number]), np.array([row]))[0])

    def _hopes(self, block: _Block, left: Ints, sign: int) -> tuple[Ints, Ints, Ints]:
        """The queries that have a sum of R beyond what is left, whatever the other axis says; the best sum of
        each, and its row."""
        side = self._sides[block.group.target]
        values = (side.first if side.second is None else side.second).values
        rank = np.searchsorted(values, left, side="left") if sign > 0 else np.searchsorted(values, left, "right") - 1
        query = np.flatnonzero((rank >= 0) & (rank < len(values)))
        return query, values[rank[query]], rank[query]

    def _kept(
        self, block: _Block, base: Mapping[str, Ints], query: Ints, value: int, sign: int
    ) -> tuple[Ints, Ints, Ints]:
        """Of these queries those with a row in the first window, as :meth:`_hopes`."""
        side = self._sides[block.group.target]
        assert side.second is not None
        begin, end = self._stretch(block, {axis: own[query] for axis, own in base.items()})
        left = value - base[self._axes[1]][query]
        bound = np.searchsorted(side.second.values, left, side="left" if sign > 0 else "right")
        number = side.wavelet.within(begin, np.maximum(begin, end), bound) - (sign < 0)
        exists = np.flatnonzero((end > begin) & (number >= 0) & (number < end - begin))
        rank = side.wavelet.select(begin[exists], end[exists], number[exists])
        return query[exists], side.second.values[rank], side.by_second[rank]


def _chunks(block: _Block) -> Iterator[tuple[int, int]]:
    """Stretches of a block's queries, whole cells each."""
    starts = range(0, block.queries, CHUNK)
    return ((start, min(start + CHUNK, block.queries)) for start in starts)
