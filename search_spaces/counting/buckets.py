"""A bracket around the count, and draws, where halves are too large: costs rounded down to buckets.

Rounding down never loses a path: the sum of the rounded costs lies at most one bucket a step below the true one.
Paths that may lie within the windows are counted from above, those that must from below. A draw is uniform over
the first, and accepted by its exact cost, so accepted ones are uniform over the paths within.

Counts pass 2⁶³ and are held as 64-bit floats; only sums and products of positive numbers occur, so their relative
error stays below (number of operations) · 2⁻⁵³. The bracket is widened by far more than that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from search_spaces.counting.effort import Effort
from search_spaces.counting.tables import Ints, Step, Table
from search_spaces.counting.windows import Window

SLACK = 1e-9  # relative; the floats are exact to better than 1e-11
MAX_CELLS = 24_000_000  # cells held in all
MAX_BUCKETS = 400_000  # along one axis


class Bracket(NamedTuple):
    """The number lies between ``low`` and ``high``, both included."""

    low: int
    high: int


class _Merged(NamedTuple):
    """Several steps as one: the step whose options are rows of ``edges``, (ways, steps merged)."""

    step: Step
    edges: Ints


class _Ways(NamedTuple):
    """The ways from one state through a merged step that fall into one bucket: where they lead to, ascending, how far
    they shift each axis, how many they are, and their numbers (from ``begin`` in ``order``)."""

    target: Ints
    shift: Ints
    many: Ints
    begin: Ints
    order: Ints


class Buckets:
    """The paths of a table whose sums may lie in one or two windows, in buckets; windows by axis.

    ``among``: so many tables share the time and the memory.
    """

    def __init__(self, table: Table, limits: Mapping[str, Window], among: int, effort: Effort) -> None:
        self._table = table
        self._axes = tuple(limits)
        self._limits = limits
        self._merged = _merge(table.steps, effort.max_merged)
        self._work = effort.bucket_work
        self._among = among
        self._sizes = self._choose_sizes()
        self._ways = [self._bucketed(merged.step) for merged in self._merged]
        self._spread = [self._rounding(axis) for axis in self._axes]
        self._cells = self._filled()

    def _choose_sizes(self) -> list[int]:
        """Width of a bucket along each axis, so that the work stays bounded."""
        edges = sum(len(merged.step.source) for merged in self._merged)
        states = sum(len(np.unique(merged.step.source)) for merged in self._merged)
        cells = min(self._work / max(1, edges), MAX_CELLS / max(1, states)) / self._among
        along = min(MAX_BUCKETS, max(32, int(cells ** (1 / len(self._axes)))))
        return [max(1, math.ceil((self._top(axis) + 1) / along)) for axis in self._axes]

    def _top(self, axis: str) -> int:
        """The largest sum that matters."""
        most = sum(int(merged.step.costs[axis].max(initial=0)) for merged in self._merged)
        return max(0, min(self._limits[axis].high, most))

    def _rounding(self, axis: str) -> int:
        """The most that rounding down takes off a path's sum."""
        size = self._sizes[self._axes.index(axis)]
        return sum(int((merged.step.costs[axis] % size).max(initial=0)) for merged in self._merged)

    def _bucketed(self, step: Step) -> dict[int, _Ways]:
        shifts = np.stack([step.costs[a] // size for a, size in zip(self._axes, self._sizes, strict=True)])
        states = np.unique(step.source).tolist()
        return {state: _grouped(step, shifts, np.flatnonzero(step.source == state)) for state in states}

    @cached_property
    def _shape(self) -> tuple[int, ...]:
        tops = zip(self._axes, self._sizes, strict=True)
        return tuple(self._top(axis) // size + 1 for axis, size in tops)

    def _filled(self) -> list[dict[int, Ints]]:
        """For each merged step and state before it, the number of paths to the end by buckets, float64."""
        end = np.ones((1,) * len(self._axes))
        cells: list[dict[int, Ints]] = [{0: end}]
        for by_state in reversed(self._ways):
            cells.insert(0, {state: self._added(ways, cells[0]) for state, ways in by_state.items()})
        return cells

    def _added(self, ways: _Ways, after: Mapping[int, Ints]) -> Ints:
        """The paths from one state, in an array that reaches as far as its largest sum or the limits."""
        reach = np.array([after[target].shape for target in ways.target.tolist()]).T
        paths = np.zeros(np.minimum((ways.shift + reach).max(axis=1), self._shape))
        for target, shift, many in zip(ways.target.tolist(), ways.shift.T.tolist(), ways.many.tolist(), strict=True):
            ahead = after[target]
            lengths = [min(m, n - s) for m, n, s in zip(ahead.shape, paths.shape, shift, strict=True)]
            if min(lengths) > 0:
                added = ahead[tuple(slice(None, length) for length in lengths)]
                shifted = tuple(slice(s, s + length) for s, length in zip(shift, lengths, strict=True))
                paths[shifted] += many * added if many > 1 else added
        return paths

    def _box(self, certain: bool) -> tuple[slice, ...]:
        """Buckets of sums that lie within the windows for certain, or that may."""
        box = []
        for axis, size, lost in zip(self._axes, self._sizes, self._spread, strict=True):
            low, high = self._limits[axis]
            low, high = (low, high - lost) if certain else (low - lost, high)
            first, last = -(-low // size), high // size
            box.append(slice(max(0, first), max(0, last + 1)))
        return tuple(box)

    @cached_property
    def bracket(self) -> Bracket:
        """Bounds of the number of paths within the windows."""
        start = self._cells[0].get(0)
        if start is None:
            return Bracket(0, 0)
        low = float(start[self._box(certain=True)].sum())
        return Bracket(math.floor(low * (1 - SLACK)), min(self._table.size, math.floor(self.weight * (1 + SLACK))))

    @cached_property
    def weight(self) -> float:
        """Number of paths that may lie within the windows: what :meth:`draw` draws from."""
        start = self._cells[0].get(0)
        return 0.0 if start is None else float(start[self._box(certain=False)].sum())

    def draw(self, rng: np.random.Generator, n: int) -> Ints:
        """n paths are drawn; those that lie within the windows, uniform and independent, as the edge of each
        step: int32 of shape (n or less, steps)."""
        cell, edges = self._start(rng, n), []
        state = np.zeros(n, dtype=np.int64)
        for index, merged in enumerate(self._merged):
            way, state, cell = self._walk(rng, index, state, cell)
            edges.append(merged.edges[way])
        drawn = np.concatenate(edges, axis=1)
        return drawn[self._inside(drawn)]

    def _start(self, rng: np.random.Generator, n: int) -> Ints:
        """Buckets of the whole sum, shape (axes, n), each by its number of paths."""
        box = self._box(certain=False)
        weights = self._cells[0][0][box]
        flat = _pick(rng, np.broadcast_to(np.cumsum(weights.ravel()), (1, weights.size)), n)
        inside = np.unravel_index(flat, weights.shape)
        return np.stack([index + side.start for index, side in zip(inside, box, strict=True)])

    def _walk(self, rng: np.random.Generator, index: int, state: Ints, cell: Ints) -> tuple[Ints, Ints, Ints]:
        """One step of each draw: the way taken, the state and the bucket that are left."""
        way, left, rest = np.empty_like(state), np.empty_like(state), np.empty_like(cell)
        for source, ways in self._ways[index].items():
            draws = np.flatnonzero(state == source)
            for part in np.array_split(draws, max(1, len(draws) * len(ways.many) // 2_000_000)):
                if len(part):
                    taken = self._taken(rng, ways, self._cells[index + 1], cell[:, part])
                    inner = rng.integers(0, ways.many[taken].astype(np.int64))
                    way[part] = ways.order[ways.begin[taken] + inner]
                    left[part] = ways.target[taken]
                    rest[:, part] = cell[:, part] - ways.shift[:, taken]
        return way, left, rest

    def _taken(self, rng: np.random.Generator, ways: _Ways, after: Mapping[int, Ints], cell: Ints) -> Ints:
        weights = np.zeros((cell.shape[1], len(ways.target)))
        for target, cells in after.items():
            leading = slice(*np.searchsorted(ways.target, (target, target + 1)))
            ahead = [left[:, None] - shift for left, shift in zip(cell, ways.shift[:, leading], strict=True)]
            inside = [np.clip(place, 0, end - 1) for place, end in zip(ahead, cells.shape, strict=True)]
            paths = cells[tuple(inside)] * ways.many[leading]  # (draws, ways)
            for place, nearest in zip(ahead, inside, strict=True):
                paths *= place == nearest  # beyond the cells there are none
            weights[:, leading] = paths
        return _pick(rng, np.cumsum(weights, axis=1), len(weights))

    def _inside(self, edges: Ints) -> Ints:
        inside = np.ones(len(edges), dtype=bool)
        for axis, window in self._limits.items():
            total = sum(step.costs[axis][edges[:, k]] for k, step in enumerate(self._table.steps))
            inside &= (total >= window.low) & (total <= window.high)
        return inside


def _grouped(step: Step, shifts: Ints, edges: Ints) -> _Ways:
    """Some edges of a step that leave one state, those with equal targets and shifts together."""
    keys = np.vstack([step.target[edges], shifts[:, edges]])
    unique, inverse, many = np.unique(keys, axis=1, return_inverse=True, return_counts=True)
    order = edges[np.argsort(inverse.ravel(), kind="stable")]
    begin = np.concatenate([[0], np.cumsum(many)[:-1]])
    return _Ways(unique[0], unique[1:], many.astype(np.float64), begin, order)


def _pick(rng: np.random.Generator, running: Ints, n: int) -> Ints:
    """For each of n draws an index by the running sums of weights, (n, k), or (1, k) for all alike."""
    total = running[:, -1]
    point = rng.random(n) * total
    alike = len(running) == 1
    index: Ints = np.searchsorted(running[0], point, "right") if alike else (running <= point[:, None]).sum(axis=1)
    return np.minimum(index, running.shape[1] - 1)  # type: ignore[no-any-return]


def _merge(steps: Sequence[Step], max_merged: int) -> list[_Merged]:
    """Neighbouring steps taken as one while their ways are few, so that less is rounded."""
    merged: list[_Merged] = []
    for step in steps:
        alone = _Merged(step, np.arange(len(step.source), dtype=np.int32)[:, None])
        joined = _joined(merged[-1], step, max_merged) if merged else None
        merged[-1:] = [joined] if joined else [*merged[-1:], alone]
    return merged


def _joined(before: _Merged, step: Step, max_merged: int) -> _Merged | None:
    begin = np.searchsorted(step.source, before.step.target, side="left")
    many = np.searchsorted(step.source, before.step.target, side="right") - begin
    if many.sum() > max_merged:
        return None
    first = np.repeat(np.arange(len(many)), many)
    second = np.repeat(begin, many) + np.arange(len(first)) - np.repeat(np.cumsum(many) - many, many)
    costs = {axis: before.step.costs[axis][first] + step.costs[axis][second] for axis in step.costs}
    source, target = before.step.source[first], step.target[second]
    order = np.lexsort((target, source))
    edges = np.concatenate([before.edges[first], second[:, None].astype(np.int32)], axis=1)
    whole = Step(source, target, np.arange(len(first), dtype=np.int32), costs).taken(order)
    return _Merged(whole, edges[order])
