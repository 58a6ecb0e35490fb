"""The part of a space that lies within budgets: how much it is, and fair draws from it."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from search_spaces.counting.buckets import Bracket, Buckets
from search_spaces.counting.chains import chains
from search_spaces.counting.codes import Coder
from search_spaces.counting.exact.halves import Halves, in_reach, split
from search_spaces.counting.extremes import greatest, least
from search_spaces.counting.intervals import wilson
from search_spaces.counting.layers import TooLargeError
from search_spaces.counting.paths import Paths
from search_spaces.counting.tables import LARGEST, Ints, Table, table
from search_spaces.counting.windows import COUNTED, Window, windows
from search_spaces.errors import UserError
from search_spaces.network.architecture import Architecture
from search_spaces.network.budget import Budget
from search_spaces.network.cost import cost
from search_spaces.space.space import Space

QUICK = 3_000_000  # queries that take a fraction of a second: then everything is exact
SECOND_AXIS = 6  # a query on two axes takes so many times as long
BATCH = 2_048
LEAST_ACCEPTED = 0.01  # of a first batch; below, halves are worth their time
MOST_DRAWS = 200_000  # for one that fits, in vain, before an error
GUESSES = 2_000  # draws of a space that is no chain, to say about how many fit


class Counted(NamedTuple):
    """How many vectors lie within the budgets: ``low`` to ``high``, both included. ``how``: exact, bracket, or
    estimate (the 95 % interval of random draws, where the space is no chain)."""

    low: int
    high: int
    how: str


class Existing(NamedTuple):
    """A cost that exists, in the budget's own unit, and an architecture that has it."""

    cost: int
    architecture: Architecture


@dataclass(frozen=True)
class _Drawn:
    """Paths of one table and their places among all that were drawn."""

    table: Table
    edges: Ints
    places: Ints


class Feasible:
    """The architectures of a space within budgets. What it does is a function of (space, budgets, exact)."""

    def __init__(self, space: Space, budgets: tuple[Budget, ...], exact: bool) -> None:
        self.space = space
        self.budgets = budgets
        self._limits = windows(budgets)
        self._peak = self._limits.pop("peak", None)
        self._axes = tuple(self._limits)
        self._exact = exact
        self.reason = ""  # why the space is no chain
        try:
            every = (table(chain, self._peak) for chain in chains(space))
            self._tables = [own for own in every if own.size]
        except TooLargeError as error:
            self._tables, self.reason = [], str(error)

    # How it is counted.

    @cached_property
    def method(self) -> str:
        """paths (no sum is limited), halves (exact), buckets (a bracket), or rejection (no chain)."""
        if self.reason:
            return "rejection"
        if not self._axes:
            return "paths"
        work = self._work
        return "halves" if work is not None and (self._exact or work <= QUICK) else "buckets"

    @cached_property
    def _work(self) -> int | None:
        """Queries that an exact count takes, or None where it is out of reach."""
        splits = [split(own) for own in self._distinct.values()]
        if not in_reach(splits, len(self._axes)):
            return None
        return sum(each.queries for each in splits) * (SECOND_AXIS if len(self._axes) > 1 else 1)

    @cached_property
    def _distinct(self) -> dict[bytes, Table]:
        """Tables that differ in more than the names of their options."""
        return {own.signature: own for own in self._tables}

    @property
    def can_be_exact(self) -> bool:
        """Whether an exact count is within reach of memory and a minute."""
        return not self.reason and (not self._axes or self._work is not None)

    @cached_property
    def _halves(self) -> dict[bytes, Halves]:
        return self._split(self._limits)

    def _split(self, limits: Mapping[str, Window]) -> dict[bytes, Halves]:
        found = {}
        for key, own in self._distinct.items():
            found[key] = Halves(own, limits, split(own).middle)
        return found

    @cached_property
    def _engines(self) -> dict[bytes, Paths] | dict[bytes, Halves]:
        """Exact ones."""
        if not self._axes:
            return {key: Paths(own) for key, own in self._distinct.items()}
        return self._halves

    @cached_property
    def _buckets(self) -> dict[bytes, Buckets]:
        return {key: Buckets(own, self._limits, len(self._distinct)) for key, own in self._distinct.items()}

    # How many there are.

    @cached_property
    def count(self) -> int:
        """The exact number of decision vectors within the budgets. Raises UserError where it is out of reach."""
        if not self.can_be_exact:
            raise UserError(f"{self.space.name} is too large for an exact count within {self._told}")
        return sum(self._engines[own.signature].count for own in self._tables)

    @cached_property
    def counted(self) -> Counted:
        """The number as well as the method tells: exact, a bracket, or an estimate."""
        if self.method in ("paths", "halves"):
            return Counted(self.count, self.count, "exact")
        if self.method == "rejection":
            return self._guess()
        brackets = [self._buckets[own.signature].bracket for own in self._tables]
        low, high = (sum(getattr(each, side) for each in brackets) for side in Bracket._fields)
        return Counted(low, high, "exact" if low == high else "bracket")

    def _guess(self) -> Counted:
        rng = random.Random(0)
        fits = sum(self._fits(self.space.sample(rng)) for _ in range(GUESSES))
        low, high = wilson(fits, GUESSES)
        whole = self.space.size
        return Counted(int(low * 2**53) * whole >> 53, int(high * 2**53) * whole >> 53, "estimate")

    @property
    def _told(self) -> str:
        return " and ".join(map(str, self.budgets)) or "no budget"

    def _fits(self, architecture: Architecture) -> bool:
        own = cost(architecture)
        return all(budget.fits(own) for budget in self.budgets)

    # Draws.

    @cached_property
    def _coder(self) -> Coder:
        return Coder(self.space)

    def codes(self, rng: random.Random, n: int) -> Ints:
        """n decision codes, uniform over the vectors within the budgets and independent: int16 of shape (n,
        decisions), see :mod:`search_spaces.counting.codes`. Raises UserError where nothing is found."""
        if self.reason:
            return np.array([self._coder.code(self.space.labels_of(own)) for own in self._rejected(rng, n)])
        return self._coded(self._drawn(rng, n), n)

    def sample(self, rng: random.Random, n: int) -> list[Architecture]:
        """n architectures, as :meth:`codes`."""
        if self.reason:
            return list(self._rejected(rng, n))
        return self._decided(self._drawn(rng, n), n)

    def costs(self, rng: random.Random, n: int, metric: str = "macs") -> Ints:
        """What n draws cost, int64 of shape (n,); ``metric`` is macs or params."""
        if self.reason:
            return np.array([getattr(cost(own), metric) for own in self._rejected(rng, n)])
        found = np.zeros(n, dtype=np.int64)
        for own in self._drawn(rng, n):
            steps = enumerate(own.table.steps)
            found[own.places] = sum(step.costs[metric][own.edges[:, k]] for k, step in steps)
        return found

    def at_most(self, limit: int) -> bool:
        """Whether the budgets leave that many vectors or fewer; counts exactly only where a bracket leaves it
        open. An estimate never says so."""
        low, high, how = self.counted
        if how == "bracket" and low <= limit < high and self.can_be_exact:
            return self.count <= limit
        return how != "estimate" and high <= limit

    def members(self, numbers: Sequence[int]) -> list[Architecture]:
        """The architectures of these numbers, 0 to :attr:`count` - 1, each vector having one."""
        drawn, begin = [], 0
        for own in self._tables:
            engine = self._engines[own.signature]
            places = [at for at, number in enumerate(numbers) if begin <= number < begin + engine.count]
            if places:
                mine = np.array([numbers[at] - begin for at in places])
                drawn.append(_Drawn(own, engine.at(mine), np.array(places)))
            begin += engine.count
        return self._decided(drawn, len(numbers))

    def every(self) -> Iterator[Architecture]:
        """All architectures within the budgets, once for each vector."""
        for start in range(0, self.count, BATCH):
            yield from self.members(range(start, min(start + BATCH, self.count)))

    def _coded(self, drawn: list[_Drawn], n: int) -> Ints:
        if len(drawn) == 1:
            return self._coder.codes(drawn[0].table, drawn[0].edges)[np.argsort(drawn[0].places)]
        found = np.zeros((n, len(self._coder.names)), dtype=np.int16, order="F")
        for own in drawn:
            found[own.places] = self._coder.codes(own.table, own.edges)
        return found

    def _decided(self, drawn: list[_Drawn], n: int) -> list[Architecture]:
        found: list[Architecture] = [None] * n  # type: ignore[list-item]
        for own in drawn:
            labels = self._coder.paths(own.table, own.edges)
            for place, each in zip(own.places.tolist(), labels, strict=True):
                found[place] = self.space.decide(each)
        return found

    def _drawn(self, rng: random.Random, n: int) -> list[_Drawn]:
        numbers = np.random.default_rng(rng.getrandbits(128))
        if self.method == "buckets":
            drawn = self._from_buckets(numbers, n)
            if drawn is not None:
                return drawn
            if not self.can_be_exact:
                raise UserError(f"found nothing of {self.space.name} within {self._told} in {MOST_DRAWS:,} draws")
        return self._from_exact(numbers, n)

    def _from_exact(self, rng: np.random.Generator, n: int) -> list[_Drawn]:
        if not self.count:
            raise UserError(f"nothing of {self.space.name} lies within {self._told}")
        counts = [self._engines[own.signature].count for own in self._tables]
        places = _shared_out(rng, counts, n)
        drawn = []
        for own, mine in zip(self._tables, places, strict=True):
            if len(mine):
                drawn.append(_Drawn(own, self._engines[own.signature].sample(rng, len(mine)), mine))
        return drawn

    def _from_buckets(self, rng: np.random.Generator, n: int) -> list[_Drawn] | None:
        """Draws accepted by their exact cost; None where hardly any is."""
        weights = [self._buckets[own.signature].weight for own in self._tables]
        if not sum(weights):
            raise UserError(f"nothing of {self.space.name} lies within {self._told}")
        drawn: list[_Drawn] = []
        found = made = 0
        while found < n:
            batch = min(BATCH, max(64, 2 * (n - found)))
            fresh = self._accepted(rng, weights, batch, found)
            drawn += fresh
            found += sum(len(own.places) for own in fresh)
            made += batch
            if self.can_be_exact and made >= BATCH and found < LEAST_ACCEPTED * made:
                return None
            if made >= MOST_DRAWS and not found:
                return None
        return [each for own in drawn if (each := _first(own, n))]

    def _accepted(self, rng: np.random.Generator, weights: list[float], batch: int, found: int) -> list[_Drawn]:
        """The accepted of a batch, in random order from place ``found`` on."""
        many = rng.multinomial(batch, np.array(weights) / sum(weights)).tolist()
        edges = [self._buckets[own.signature].draw(rng, k) for own, k in zip(self._tables, many, strict=True) if k]
        tables = [own for own, k in zip(self._tables, many, strict=True) if k]
        places = found + rng.permutation(sum(map(len, edges)))
        cuts = np.cumsum([len(own) for own in edges])[:-1]
        return [_Drawn(*each) for each in zip(tables, edges, np.split(places, cuts), strict=True)]

    def _rejected(self, rng: random.Random, n: int) -> Iterator[Architecture]:
        """Draws from the whole space until n fit, with a bounded number in vain."""
        for _ in range(n):
            draws = (self.space.sample(rng) for _ in range(MOST_DRAWS))
            one = next(filter(self._fits, draws), None)
            if one is None:
                raise UserError(
                    f"found nothing of {self.space.name} within {self._told} in {MOST_DRAWS:,} draws "
                    f"({self.reason}, so that it can only be drawn and rejected)"
                )
            yield one

    # Costs that exist.

    def ends(self, metric: str) -> tuple[Existing, Existing] | None:
        """The least and the greatest cost within the budgets (macs, params or bytes), exactly; None where
        nothing is within, or where that is not counted exactly."""
        axis, unit = COUNTED[metric]
        if self.method not in ("paths", "halves") or not self._within_reach(axis):
            return None
        window = self._limits.get(axis, Window(0, LARGEST))
        others = {name: own for name, own in self._limits.items() if name != axis}
        found = [self._nearest(axis, value, sign, others) for value, sign in ((window.low, 1), (window.high, -1))]
        low, high = (Existing(unit * own.cost, own.architecture) if own else None for own in found)
        return (low, high) if low and high and low.cost <= high.cost else None

    def nearest(self, budget: Budget) -> list[Existing]:
        """The existing costs nearest to the limits of one of the budgets, among what lies within those on other
        quantities: the greatest up to its upper limit, and the least from its lower limit (or the upper one) on."""
        axis, unit = COUNTED[budget.metric]
        rest = tuple(each for each in self.budgets if COUNTED[each.metric][0] != axis)
        others = Feasible(self.space, rest, exact=True)
        if axis == "peak" or not others._within_reach(axis):
            extremes = (least(self.space, budget.metric), greatest(self.space, budget.metric))
            return [Existing(int(getattr(cost(own), budget.metric)), own) for own in extremes]
        (window,) = windows((budget,)).values()
        sides = ((window.high, -1), (window.low or window.high + 1, 1))
        found = [others._nearest(axis, value, sign, others._limits) for value, sign in sides]
        return [Existing(unit * own.cost, own.architecture) for own in found if own]

    def _within_reach(self, axis: str) -> bool:
        axes = len({*self._axes, axis})
        return not self.reason and in_reach(map(split, self._distinct.values()), axes)

    def _nearest(self, axis: str, value: int, sign: int, others: Mapping[str, Window]) -> Existing | None:
        engines = self._split({**others, axis: Window(0, LARGEST)})
        best: Existing | None = None
        for own in self._tables:
            found = engines[own.signature].nearest(value, sign)
            if found and (best is None or sign * found.cost < sign * best.cost):
                (architecture,) = self._decided([_Drawn(own, found.edges[None], np.arange(1))], 1)
                best = Existing(found.cost, architecture)
        return best


def _first(own: _Drawn, n: int) -> _Drawn | None:
    keep = own.places < n
    return _Drawn(own.table, own.edges[keep], own.places[keep]) if keep.any() else None


def _shared_out(rng: np.random.Generator, counts: list[int], n: int) -> list[Ints]:
    """Places 0 to n - 1 shared out at random, each by these numbers, exactly."""
    total = sum(counts)
    if len(counts) == 1:
        return [np.arange(n)]
    seeded = random.Random(int.from_bytes(rng.bytes(16)))
    ends = list(accumulate(counts))
    own = np.array([bisect_right(ends, seeded.randrange(total)) for _ in range(n)])
    return [np.flatnonzero(own == index) for index in range(len(counts))]
