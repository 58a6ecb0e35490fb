"""All sums of costs over a run of layers, kept by the state at its far end, and which edges make each sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from search_spaces.counting.tables import Ints, Step


class _Part(NamedTuple):
    """Rows of one state that come from one other: each of ``rows`` before it by each of the edges."""

    begin: int
    before: int
    start: int
    stop: int


class Run:
    """The steps of one half of a table: from state 0 onwards, or (``forward`` False) from the end back.

    ``sums[state][axis]`` has one row for each way from state 0 to ``state``, int64 of shape (ways,).
    """

    def __init__(self, steps: Sequence[Step], axes: Sequence[str], forward: bool) -> None:
        self._forward = forward
        self._levels: list[dict[int, list[_Part]]] = []
        self.sums: dict[int, dict[str, Ints]] = {0: {axis: np.zeros(1, dtype=np.int64) for axis in axes}}
        for step in steps if forward else reversed(steps):
            self._grow(step)

    def _grow(self, step: Step) -> None:
        parts: dict[int, list[_Part]] = {}
        grown: dict[int, list[dict[str, Ints]]] = {}
        sizes: dict[int, int] = {}
        for group in step.groups:
            near, far = (group.source, group.target) if self._forward else (group.target, group.source)
            if near not in self.sums:
                continue
            begin, old = sizes.get(far, 0), self.sums[near]
            parts.setdefault(far, []).append(_Part(begin, near, group.start, group.stop))
            costs = {axis: step.costs[axis][group.start : group.stop] for axis in old}
            grown.setdefault(far, []).append({axis: np.add.outer(old[axis], costs[axis]).ravel() for axis in old})
            sizes[far] = begin + len(next(iter(old.values()))) * (group.stop - group.start)
        self._levels.append(parts)
        self.sums = {
            far: {axis: np.concatenate([sums[axis] for sums in pieces]) for axis in pieces[0]}
            for far, pieces in grown.items()
        }

    def edges(self, state: int, rows: Ints) -> Ints:
        """The edges of some ways to ``state``, int32 of shape (rows, steps), in the order of the chain."""
        edges = np.empty((len(rows), len(self._levels)), dtype=np.int32)
        self._trace(state, rows, np.arange(len(rows)), len(self._levels) - 1, edges)
        return edges if self._forward else edges[:, ::-1]

    def _trace(self, state: int, rows: Ints, where: Ints, level: int, edges: Ints) -> None:
        """Write the edges of these rows up to a level into ``edges``, at the rows ``where``."""
        if level < 0 or not len(rows):
            return
        parts = self._levels[level][state]
        part_of_row = np.searchsorted([part.begin for part in parts], rows, side="right") - 1
        for index, part in enumerate(parts):
            taken = np.flatnonzero(part_of_row == index) if len(parts) > 1 else np.arange(len(rows))
            before, edge = np.divmod(rows[taken] - part.begin, part.stop - part.start)
            edges[where[taken], level] = part.start + edge
            self._trace(part.before, before, where[taken], level - 1, edges)
