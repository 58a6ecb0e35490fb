"""Exact counts, uniform draws and nearest costs, by meeting in the middle.

One step of the chain is the middle. Every way through the steps before it (A) and every edge of it make a query to
all ways through the steps after it (R), sorted: how many of these bring the sum into the window? No draw is
rejected, so that a window that hardly anything meets is as fast as any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from search_spaces.counting.effort import Effort
from search_spaces.counting.exact.queries import QueryBlock, SortedSums
from search_spaces.counting.exact.runs import Run
from search_spaces.counting.tables import Ints, Table
from search_spaces.counting.windows import Window


class Nearest(NamedTuple):
    """A cost that exists, and the edges of an architecture that has it, shape (steps,)."""

    cost: int
    edges: Ints


class Halves:
    """The paths of a table whose sums lie in one or two windows.

    ``limits``: windows by axis, macs or params; with two, the second is the one that :meth:`nearest` is about.
    ``middle``: from :func:`search_spaces.counting.exact.split.split`.
    """

    def __init__(self, table: Table, limits: Mapping[str, Window], middle: int, effort: Effort) -> None:
        self._axes = tuple(limits)
        self._limits = limits
        step = table.steps[middle]
        self._before = Run(table.steps[:middle], self._axes, forward=True)
        self._after = Run(table.steps[middle + 1 :], self._axes, forward=False)
        self._sides = {state: SortedSums(sums) for state, sums in self._after.sums.items()}
        self._order = {s: np.argsort(sums[self._axes[0]], kind="stable") for s, sums in self._before.sums.items()}
        self._blocks: list[QueryBlock] = []
        for group in step.groups:
            order, sums = self._order[group.source], self._before.sums[group.source]
            edges = {axis: step.costs[axis][group.start : group.stop] for axis in self._axes}
            self._blocks.append(QueryBlock(group, {axis: sums[axis][order] for axis in self._axes}, edges))
        many = sum(block.queries for block in self._blocks) > effort.many_queries
        self._chunk = effort.chunk
        self._stride = effort.stride if len(self._axes) == 1 and many else 1
        self._before.sums = self._after.sums = {}  # they live on, sorted
        cells = [-(-block.queries // self._stride) for block in self._blocks]
        self._cells = [0, *accumulate(cells)]

    @cached_property
    def _running(self) -> Ints:
        """Numbers of paths before each cell of ``stride`` queries, int64 of shape (cells + 1,)."""
        running = np.zeros(self._cells[-1] + 1, dtype=np.int64)
        for block, begin in zip(self._blocks, self._cells, strict=False):
            for start, stop in block.chunks(self._chunk):
                counts = self._counts(block, block.bases(start, stop))
                if self._stride > 1:
                    counts = np.add.reduceat(counts, np.arange(0, len(counts), self._stride))
                first = begin + start // self._stride + 1
                running[first : first + len(counts)] = counts
        return np.cumsum(running, out=running)

    @property
    def count(self) -> int:
        """Number of paths within the windows."""
        return int(self._running[-1])

    def _stretch(self, block: QueryBlock, base: Mapping[str, Ints]) -> tuple[Ints, Ints]:
        """Where the rows of R within the first window begin and end."""
        axis = self._axes[0]
        return self._sides[block.group.target].first.stretch(base[axis], self._limits[axis])

    def _ranks(self, block: QueryBlock, base: Mapping[str, Ints]) -> tuple[Ints, Ints]:
        """The ranks by the second axis from which, and up to which, the second window goes."""
        axis, second = self._axes[1], self._sides[block.group.target].second
        assert second is not None
        return second.stretch(base[axis], self._limits[axis])

    def _counts(self, block: QueryBlock, base: Mapping[str, Ints]) -> Ints:
        begin, end = self._stretch(block, base)
        if len(self._axes) == 1:
            return np.maximum(end - begin, 0)  # type: ignore[no-any-return]
        low, high = self._ranks(block, base)
        counts = np.zeros(len(begin), dtype=np.int64)
        some = np.flatnonzero((end > begin) & (high > low))
        begin, end, low, high = (bounds[some] for bounds in (begin, end, low, high))
        wavelet = self._sides[block.group.target].wavelet
        counts[some] = wavelet.within(begin, end, high) - wavelet.within(begin, end, low)
        return counts

    def sample(self, rng: np.random.Generator, n: int) -> Ints:
        """n paths, each uniform and independent: the edge of each step, int32 of shape (n, steps)."""
        return self.members(rng.integers(0, self.count, size=n))

    def members(self, number: Ints) -> Ints:
        """The paths of these numbers, 0 to count - 1, shape (n,): every path has one."""
        n, order = len(number), np.argsort(number)
        number = number[order]
        cell = np.searchsorted(self._running, number, side="right") - 1
        rest = number - self._running[cell]
        parts = []
        for block, begin, end in zip(self._blocks, self._cells, self._cells[1:], strict=False):
            first, last = np.searchsorted(cell, (begin, end))
            for start in range(first, last, self._chunk // self._stride):
                part = slice(start, min(last, start + self._chunk // self._stride))
                query, left = self._queries(block, cell[part] - begin, rest[part])
                parts.append(self._edges(block, query, self._rows(block, query, left)))
        edges = np.empty((n, parts[0].shape[1]), dtype=np.int32)
        edges[order] = np.concatenate(parts)
        return edges

    def _queries(self, block: QueryBlock, cell: Ints, number: Ints) -> tuple[Ints, Ints]:
        """The query that the ``number``-th path of each cell belongs to, and what is left of the number."""
        if self._stride == 1:
            return cell, number
        query = cell[:, None] * self._stride + np.arange(self._stride)
        inside = query < block.queries
        base = block.base(np.where(inside, query, 0).ravel())
        counts = np.where(inside, self._counts(block, base).reshape(query.shape), 0)
        ends = np.cumsum(counts, axis=1)
        inner = np.arange(len(cell)), (ends <= number[:, None]).sum(axis=1)
        return query[inner], number - (ends[inner] - counts[inner])

    def _rows(self, block: QueryBlock, query: Ints, number: Ints) -> Ints:
        """The row of R that is ``number``-th among those within the windows."""
        base = block.base(query)
        begin, end = self._stretch(block, base)
        if len(self._axes) == 1:
            return begin + number
        side = self._sides[block.group.target]
        low, _ = self._ranks(block, base)
        rank = side.wavelet.select(begin, end, number + side.wavelet.within(begin, end, low))
        return side.by_second[rank]

    def _edges(self, block: QueryBlock, query: Ints, row: Ints) -> Ints:
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
        best: tuple[int, QueryBlock, int, int] | None = None
        for block in self._blocks:
            for start, stop in block.chunks(self._chunk):
                base = block.bases(start, stop)
                query, sums, rows = self._candidates(block, value - base[axis], sign)
                total = base[axis][query] + sums
                if best is not None:
                    better = sign * total < sign * best[0]
                    query, total, rows = query[better], total[better], rows[better]
                if len(self._axes) > 1 and len(query):
                    query, sums, rows = self._kept(block, base, query, value, sign)
                    total = base[axis][query] + sums
                if len(query):
                    index = int(np.argmin(sign * total))
                    if best is None or sign * int(total[index]) < sign * best[0]:
                        best = (int(total[index]), block, start + int(query[index]), int(rows[index]))
        if best is None:
            return None
        cost, block, number, row = best
        return Nearest(cost, self._edges(block, np.array([number]), np.array([row]))[0])

    def _candidates(self, block: QueryBlock, left: Ints, sign: int) -> tuple[Ints, Ints, Ints]:
        """The queries that have a sum of R beyond what is left, whatever the other axis says; the best sum of
        each, and its row."""
        side = self._sides[block.group.target]
        values = (side.first if side.second is None else side.second).values
        rank = np.searchsorted(values, left, side="left") if sign > 0 else np.searchsorted(values, left, "right") - 1
        query = np.flatnonzero((rank >= 0) & (rank < len(values)))
        return query, values[rank[query]], rank[query]

    def _kept(
        self, block: QueryBlock, base: Mapping[str, Ints], query: Ints, value: int, sign: int
    ) -> tuple[Ints, Ints, Ints]:
        """Of these queries those with a row in the first window, as :meth:`_candidates`."""
        side = self._sides[block.group.target]
        assert side.second is not None
        begin, end = self._stretch(block, {axis: sums[query] for axis, sums in base.items()})
        left = value - base[self._axes[1]][query]
        bound = np.searchsorted(side.second.values, left, side="left" if sign > 0 else "right")
        number = side.wavelet.within(begin, np.maximum(begin, end), bound) - (sign < 0)
        exists = np.flatnonzero((end > begin) & (number >= 0) & (number < end - begin))
        rank = side.wavelet.select(begin[exists], end[exists], number[exists])
        return query[exists], side.second.values[rank], side.by_second[rank]
