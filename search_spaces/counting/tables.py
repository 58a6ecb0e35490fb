"""A chain's layers as arrays, with what a limit on peak memory leaves of them.

Peak memory is the maximum over layers, so an upper limit removes ways through layers. For a lower limit each
state is doubled: with and without a layer behind it that has reached the limit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from search_spaces.counting.chains import Chain
from search_spaces.counting.layers import Edge, TooLargeError
from search_spaces.counting.windows import Window

Ints = NDArray[Any]
AXES = {"macs": 1, "params": 0}  # index in the sums of a layer
PEAK = 3
MAX_COST = 2**62  # sums of costs stay below, so that none overflows 64 bits


class Group(NamedTuple):
    """The edges ``start`` to ``stop`` of a step, which go from one state to one other."""

    source: int
    target: int
    start: int
    stop: int


@dataclass(frozen=True)
class Step:
    """One layer: for each of E edges the states it joins, its option (-1: nothing is decided), its costs.

    ``source``, ``target``, ``option`` have shape (E,); ``costs`` maps macs and params to int64 of shape (E,).
    Edges are sorted by source, then target.
    """

    source: Ints
    target: Ints
    option: Ints
    costs: dict[str, Ints]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Runs of edges with equal ends."""
        ends = np.stack([self.source, self.target])
        cuts = np.flatnonzero((ends[:, 1:] != ends[:, :-1]).any(axis=0)) + 1
        bounds = [0, *cuts.tolist(), len(self.source)] if len(self.source) else []
        return tuple(Group(int(self.source[i]), int(self.target[i]), i, j) for i, j in pairwise(bounds))

    def taken(self, keep: Ints) -> Step:
        """The step with some of its edges, by index or mask, in that order."""
        costs = {axis: costs[keep] for axis, costs in self.costs.items()}
        return Step(self.source[keep], self.target[keep], self.option[keep], costs)


@dataclass(frozen=True)
class Table:
    """A chain and its steps, without the ways that lead nowhere within the window of peak memory."""

    chain: Chain
    steps: tuple[Step, ...]

    @cached_property
    def ahead(self) -> list[dict[int, int]]:
        """For each step and each state before it, the number of paths from there to the end."""
        counts: list[dict[int, int]] = [{0: 1}]
        for step in reversed(self.steps):
            paths_from: dict[int, int] = {}
            for group in step.groups:
                paths = (group.stop - group.start) * counts[0].get(group.target, 0)
                paths_from[group.source] = paths_from.get(group.source, 0) + paths
            counts.insert(0, paths_from)
        return counts

    @property
    def size(self) -> int:
        """Number of paths."""
        return self.ahead[0].get(0, 0)

    @cached_property
    def signature(self) -> bytes:
        """Equal for tables that only differ in the names of their options."""
        parts = [array.tobytes() for s in self.steps for array in (s.source, s.target, *s.costs.values())]
        return b"|".join(parts)


def table(chain: Chain, peak: Window | None) -> Table:
    """The table of a chain. Raises TooLargeError where costs could pass 2⁶²."""
    memo: dict[int, Step] = {}
    steps = []
    for layer in chain.layers:
        if id(layer.edges) not in memo:
            memo[id(layer.edges)] = _step(layer.edges, peak)
        steps.append(memo[id(layer.edges)])
    if peak is not None and peak.low > 0:
        last = steps[-1]
        last = last.taken(last.target % 2 == 1)
        steps[-1] = replace(last, target=last.target // 2)
    if any(sum(int(s.costs[axis].max(initial=0)) for s in steps) >= MAX_COST for axis in AXES):
        raise TooLargeError("the costs of the space are too large to be counted")
    return Table(chain, _alive(steps))


def _step(edges: tuple[Edge, ...], peak: Window | None) -> Step:
    costs = {axis: [edge.sums[place] for edge in edges] for axis, place in AXES.items()}
    if any(max(column, default=0) >= MAX_COST for column in costs.values()):
        raise TooLargeError("the costs of the space are too large to be counted")
    ends = [[edge[index] for edge in edges] for index in range(3)]
    source, target, option = (np.array(column, dtype=np.int32) for column in ends)
    step = Step(source, target, option, {axis: np.array(column, dtype=np.int64) for axis, column in costs.items()})
    if peak is not None:
        reached = np.array([edge.sums[PEAK] for edge in edges])
        step = _limited(step, reached, peak)
    return _sorted(step)


def _limited(step: Step, reached: Ints, peak: Window) -> Step:
    """The step without edges above the peak; where there is a lower limit, with doubled states."""
    below = reached <= peak.high
    step, enough = step.taken(below), (reached[below] >= peak.low).astype(np.int32)
    if peak.low <= 0:
        return step
    both = [
        replace(step, source=2 * step.source + flag, target=2 * step.target + np.maximum(enough, flag))
        for flag in (0, 1)
    ]
    source, target, option = (
        np.concatenate([getattr(one, name) for one in both]) for name in ("source", "target", "option")
    )
    return Step(source, target, option, {axis: np.concatenate([one.costs[axis] for one in both]) for axis in AXES})


def _sorted(step: Step) -> Step:
    return step.taken(np.lexsort((step.target, step.source)))


def _alive(steps: list[Step]) -> tuple[Step, ...]:
    """The steps without edges that cannot be reached, or that cannot reach the end."""
    states = np.array([0])
    for index, step in enumerate(steps):
        steps[index] = step = step.taken(np.isin(step.source, states))
        states = np.unique(step.target)
    states = np.array([0])
    for index in reversed(range(len(steps))):
        steps[index] = step = steps[index].taken(np.isin(steps[index].target, states))
        states = np.unique(step.source)
    return tuple(steps)
