"""The part of a space that lies within budgets: how much it is, and fair draws from it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from search_spaces.counting.chains import chains
from search_spaces.counting.drawing import BATCH, BucketDrawing, Draws, ExactDrawing
from search_spaces.counting.effort import Effort
from search_spaces.counting.exact.count import Halves
from search_spaces.counting.exact.split import in_reach, split
from search_spaces.counting.extremes import greatest, least
from search_spaces.counting.intervals import wilson
from search_spaces.counting.layers import TooLargeError
from search_spaces.counting.paths import Paths
from search_spaces.counting.tables import MAX_COST, Ints, Table, table
from search_spaces.counting.windows import COUNTED, Window, windows
from search_spaces.errors import UserError
from search_spaces.network.architecture import Architecture
from search_spaces.network.budget import Budget
from search_spaces.network.cost import cost
from search_spaces.space.node import Labels
from search_spaces.space.space import Space

SECOND_AXIS = 6  # a query on two axes takes so many times as long
ESTIMATE_DRAWS = 2_000  # of a space that is no chain, to say about how many fit


class Counted(NamedTuple):
    """How many vectors lie within the budgets: ``low`` to ``high``, both included. ``kind``: exact, bracket, or
    estimate (the 95 % interval of random draws, where the space is no chain)."""

    low: int
    high: int
    kind: str


class Existing(NamedTuple):
    """A cost that exists, in the budget's own unit, and an architecture that has it."""

    cost: int
    architecture: Architecture


class Feasible:
    """The architectures of a space within budgets: a pure function of (space, budgets, exact, effort).

    ``reason`` says why the space is no chain; it is empty where it is one.
    """

    def __init__(
        self, space: Space, budgets: tuple[Budget, ...], exact: bool = False, effort: Effort | None = None
    ) -> None:
        self.space = space
        self.budgets = budgets
        self.effort = effort or Effort()
        self.reason = ""
        self._limits = windows(budgets)
        peak = self._limits.pop("peak", None)
        self._exact = exact
        try:
            self._tables = [part for part in (table(chain, peak) for chain in chains(space)) if part.size]
        except TooLargeError as error:
            self._tables, self.reason = [], str(error)

    # How it is counted.

    @cached_property
    def method(self) -> str:
        """paths (no sum is limited), halves (exact), buckets (a bracket), or rejection (no chain)."""
        if self.reason:
            return "rejection"
        if not self._limits:
            return "paths"
        quick = self._queries is not None and (self._exact or self._queries <= self.effort.quick_queries)
        return "halves" if quick else "buckets"

    @property
    def can_be_exact(self) -> bool:
        """Whether an exact count is within reach of memory and a minute."""
        return not self.reason and (not self._limits or self._queries is not None)

    @cached_property
    def _distinct(self) -> dict[bytes, Table]:
        """Tables that differ in more than the names of their options."""
        return {part.signature: part for part in self._tables}

    @cached_property
    def _queries(self) -> int | None:
        """Queries that an exact count takes, or None where it is out of reach."""
        splits = [split(part) for part in self._distinct.values()]
        if not in_reach(splits, len(self._limits)):
            return None
        return sum(part.queries for part in splits) * (SECOND_AXIS if len(self._limits) > 1 else 1)

    def _halves(self, limits: Mapping[str, Window]) -> dict[bytes, Halves]:
        return {key: Halves(part, limits, split(part).middle, self.effort) for key, part in self._distinct.items()}

    @cached_property
    def _exactly(self) -> ExactDrawing:
        if self._limits:
            return ExactDrawing(self._tables, self._halves(self._limits))
        return ExactDrawing(self._tables, {key: Paths(part) for key, part in self._distinct.items()})

    @cached_property
    def _buckets(self) -> BucketDrawing:
        return BucketDrawing(self._tables, self._limits, self.effort)

    # How many there are.

    @cached_property
    def count(self) -> int:
        """The exact number of decision vectors within the budgets. Raises UserError where it is out of reach."""
        if not self.can_be_exact:
            raise UserError(f"{self.space.name} is too large for an exact count within {self._budgets_text}")
        return self._exactly.count

    @cached_property
    def counted(self) -> Counted:
        """The number as well as the method tells: exact, a bracket, or an estimate."""
        if self.method in ("paths", "halves"):
            return Counted(self.count, self.count, "exact")
        if self.method == "rejection":
            return self._estimate()
        low, high = self._buckets.bracket
        return Counted(low, high, "exact" if low == high else "bracket")

    def _estimate(self) -> Counted:
        rng, size = random.Random(0), self.space.size
        hits = sum(self._fits(self.space.sample(rng)) for _ in range(ESTIMATE_DRAWS))
        low, high = wilson(hits, ESTIMATE_DRAWS)
        return Counted(int(low * 2**53) * size >> 53, int(high * 2**53) * size >> 53, "estimate")

    def at_most(self, limit: int) -> bool:
        """Whether the budgets leave that many vectors or fewer; counts exactly only where a bracket leaves it
        open. An estimate never says so."""
        low, high, kind = self.counted
        if kind == "bracket" and low <= limit < high and self.can_be_exact:
            return self.count <= limit
        return kind != "estimate" and high <= limit

    @property
    def _budgets_text(self) -> str:
        return " and ".join(map(str, self.budgets)) or "no budget"

    def _fits(self, architecture: Architecture) -> bool:
        total = cost(architecture)
        return all(budget.fits(total) for budget in self.budgets)

    # Members and draws.

    def sample(self, rng: random.Random, n: int) -> list[Architecture]:
        """n architectures, uniform over the vectors within the budgets and independent. Raises UserError where
        nothing is found."""
        return list(map(self.space.decide, self.vectors(rng, n)))

    def vectors(self, rng: random.Random, n: int) -> list[Labels]:
        """The same draws as the labels of their active decisions."""
        return list(self._rejected(rng, n)) if self.reason else _in_place(self._draw(rng, n), n)

    def costs(self, rng: random.Random, n: int, metric: str = "macs") -> Ints:
        """What the same n draws cost, int64 of shape (n,), in bulk; ``metric`` is macs or params."""
        if self.reason:
            decided = map(self.space.decide, self._rejected(rng, n))
            return np.array([getattr(cost(architecture), metric) for architecture in decided])
        costs = np.zeros(n, dtype=np.int64)
        for draws in self._draw(rng, n):
            costs[draws.places] = draws.costs(metric)
        return costs

    def members(self, numbers: Sequence[int]) -> list[Architecture]:
        """The architectures of these numbers, 0 to :attr:`count` - 1, each vector having one."""
        return list(map(self.space.decide, _in_place(self._exactly.members(numbers), len(numbers))))

    def every(self) -> Iterator[Architecture]:
        """All architectures within the budgets, once for each vector."""
        for start in range(0, self.count, BATCH):
            yield from self.members(range(start, min(start + BATCH, self.count)))

    def _draw(self, rng: random.Random, n: int) -> list[Draws]:
        numbers = np.random.default_rng(rng.getrandbits(128))
        if self.method == "buckets":
            if not sum(self._buckets.weights):
                raise UserError(self._nothing_within)
            draws = self._buckets.draw(numbers, n, may_give_up=self.can_be_exact)
            if draws is not None:
                return draws
            if not self.can_be_exact:
                raise UserError(self._nothing_found)
        if not self.count:
            raise UserError(self._nothing_within)
        return self._exactly.draw(numbers, n)

    @property
    def _nothing_within(self) -> str:
        return f"nothing of {self.space.name} lies within {self._budgets_text}"

    @property
    def _nothing_found(self) -> str:
        return f"found nothing of {self.space.name} within {self._budgets_text} in {self.effort.max_draws:,} draws"

    def _rejected(self, rng: random.Random, n: int) -> Iterator[Labels]:
        """Draws from the whole space until n fit, each after a bounded number that do not."""
        space = self.space
        for _ in range(n):
            draws = (space.vector(rng.randrange(space.size)) for _ in range(self.effort.max_draws))
            labels = next((labels for labels in draws if self._fits(space.decide(labels))), None)
            if labels is None:
                raise UserError(f"{self._nothing_found} ({self.reason}, so that it can only be drawn and rejected)")
            yield labels

    # Costs that exist.

    def ends(self, metric: str) -> tuple[Existing, Existing] | None:
        """The least and the greatest cost within the budgets (macs, params or bytes), exactly; None where
        nothing is within, or where that is not counted exactly."""
        axis, _ = COUNTED[metric]
        if self.method not in ("paths", "halves") or not self._reaches(axis):
            return None
        window = self._limits.get(axis, Window(0, MAX_COST))
        low, high = (self._nearest(metric, value, sign) for value, sign in ((window.low, 1), (window.high, -1)))
        return (low, high) if low and high and low.cost <= high.cost else None

    def nearest(self, budget: Budget) -> list[Existing]:
        """The existing costs nearest to the limits of one of the budgets, among what lies within those on other
        quantities: the greatest up to its upper limit, and the least from its lower limit (or the upper one) on."""
        axis, _ = COUNTED[budget.metric]
        others = Feasible(
            self.space, tuple(other for other in self.budgets if COUNTED[other.metric][0] != axis), exact=True
        )
        if axis == "peak" or not others._reaches(axis):
            ends = (least(self.space, budget.metric), greatest(self.space, budget.metric))
            return [Existing(int(getattr(cost(end), budget.metric)), end) for end in ends]
        (window,) = windows((budget,)).values()
        sides = ((window.high, -1), (window.low or window.high + 1, 1))
        existing = (others._nearest(budget.metric, value, sign) for value, sign in sides)
        return [end for end in existing if end]

    def _reaches(self, axis: str) -> bool:
        """Whether existing costs along an axis can be found exactly."""
        axes = len({*self._limits, axis})
        return not self.reason and in_reach(map(split, self._distinct.values()), axes)

    def _nearest(self, metric: str, value: int, sign: int) -> Existing | None:
        """The least cost from ``value`` on (``sign`` 1) or the greatest up to it (-1), within the other limits."""
        axis, unit = COUNTED[metric]
        others = {name: window for name, window in self._limits.items() if name != axis}
        halves = self._halves({**others, axis: Window(0, MAX_COST)})
        best: Existing | None = None
        for part in self._tables:
            end = halves[part.signature].nearest(value, sign)
            if end and (best is None or sign * unit * end.cost < sign * best.cost):
                (labels,) = Draws(part, end.edges[None], np.arange(1)).labels()
                best = Existing(unit * end.cost, self.space.decide(labels))
        return best


def _in_place(parts: list[Draws], n: int) -> list[Labels]:
    """The labels of n draws, each at its place."""
    vectors: list[Labels] = [{}] * n
    for draws in parts:
        for place, labels in zip(draws.places.tolist(), draws.labels(), strict=True):
            vectors[place] = labels
    return vectors
