"""Draws from the tables of a space: exact ones, and those that are accepted from buckets."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np

from search_spaces.counting.buckets import Bracket, Buckets
from search_spaces.counting.effort import Effort
from search_spaces.counting.exact.count import Halves
from search_spaces.counting.paths import Paths
from search_spaces.counting.tables import Ints, Table
from search_spaces.counting.windows import Window
from search_spaces.space.node import Labels

BATCH = 2_048
MIN_ACCEPTED = 0.01  # of a first batch; below, an exact count is worth its time


@dataclass(frozen=True)
class Draws:
    """Paths of one table, by the edge of each step (n, steps), and their places among all that were drawn (n,)."""

    table: Table
    edges: Ints
    places: Ints

    def labels(self) -> Iterator[Labels]:
        """Labels of the active decisions of each path."""
        layers = self.table.chain.layers
        columns = [step.option[edges].tolist() for step, edges in zip(self.table.steps, self.edges.T, strict=True)]
        by_layer = [[option.labels for option in layer.options] + [{}] for layer in layers]  # the last: -1
        for options in zip(*columns, strict=True):
            labels = dict(self.table.chain.labels)
            for labels_by_option, option in zip(by_layer, options, strict=True):
                labels.update(labels_by_option[option])
            yield labels

    def costs(self, metric: str) -> Ints:
        """What each path costs (macs or params), int64 of shape (n,)."""
        steps = zip(self.table.steps, self.edges.T, strict=True)
        return sum((step.costs[metric][edges] for step, edges in steps), start=np.zeros(len(self.edges), np.int64))

    def first(self, n: int) -> Draws:
        """Those whose place is below n."""
        keep = self.places < n
        return Draws(self.table, self.edges[keep], self.places[keep])


class ExactDrawing:
    """Numbers, members and draws of several tables; ``counters`` by the signature of a table."""

    def __init__(self, tables: Sequence[Table], counters: Mapping[bytes, Paths] | Mapping[bytes, Halves]) -> None:
        self._parts = [(table, counters[table.signature]) for table in tables]

    @cached_property
    def count(self) -> int:
        """Number of paths in all."""
        return sum(counter.count for _, counter in self._parts)

    def draw(self, rng: np.random.Generator, n: int) -> list[Draws]:
        """n paths, uniform and independent."""
        places = _shared_out(rng, [counter.count for _, counter in self._parts], n)
        return [
            Draws(table, counter.sample(rng, len(part)), part)
            for (table, counter), part in zip(self._parts, places, strict=True)
            if len(part)
        ]

    def members(self, numbers: Sequence[int]) -> list[Draws]:
        """The paths of these numbers, 0 to :attr:`count` - 1."""
        draws, begin = [], 0
        for table, counter in self._parts:
            places = [place for place, number in enumerate(numbers) if begin <= number < begin + counter.count]
            if places:
                inner = np.array([numbers[place] - begin for place in places])
                draws.append(Draws(table, counter.members(inner), np.array(places)))
            begin += counter.count
        return draws


class BucketDrawing:
    """A bracket of the number of paths of several tables, and draws accepted by their exact cost."""

    def __init__(self, tables: Sequence[Table], limits: Mapping[str, Window], effort: Effort) -> None:
        distinct = {table.signature: table for table in tables}
        buckets = {key: Buckets(table, limits, len(distinct), effort) for key, table in distinct.items()}
        self._parts = [(table, buckets[table.signature]) for table in tables]
        self._max_draws = effort.max_draws

    @cached_property
    def bracket(self) -> Bracket:
        """Bounds of the number of paths."""
        brackets = [buckets.bracket for _, buckets in self._parts]
        return Bracket(sum(bracket.low for bracket in brackets), sum(bracket.high for bracket in brackets))

    @cached_property
    def weights(self) -> list[float]:
        """For each table the number of paths that may lie within the windows."""
        return [buckets.weight for _, buckets in self._parts]

    def draw(self, rng: np.random.Generator, n: int, may_give_up: bool) -> list[Draws] | None:
        """n paths, uniform and independent; None where no draw is accepted, or (``may_give_up``) hardly any."""
        accepted: list[Draws] = []
        count = draws = 0
        while count < n:
            batch = min(BATCH, max(64, 2 * (n - count)))
            fresh = self._accepted(rng, batch, count)
            accepted += fresh
            count += sum(len(part.places) for part in fresh)
            draws += batch
            if may_give_up and draws >= BATCH and count < MIN_ACCEPTED * draws:
                return None
            if draws >= self._max_draws and not count:
                return None
        return [part for part in (draws.first(n) for draws in accepted) if len(part.places)]

    def _accepted(self, rng: np.random.Generator, batch: int, begin: int) -> list[Draws]:
        """The accepted of a batch, in random order from place ``begin`` on."""
        sizes = rng.multinomial(batch, np.array(self.weights) / sum(self.weights)).tolist()
        parts = [(*part, size) for part, size in zip(self._parts, sizes, strict=True) if size]
        edges = [buckets.draw(rng, size) for _, buckets, size in parts]
        places = begin + rng.permutation(sum(map(len, edges)))
        cuts = np.cumsum([len(part) for part in edges])[:-1]
        return [
            Draws(table, part, own_places)
            for (table, _, _), part, own_places in zip(parts, edges, np.split(places, cuts), strict=True)
        ]


def _shared_out(rng: np.random.Generator, counts: list[int], n: int) -> list[Ints]:
    """Places 0 to n - 1 shared out at random in proportion to these counts, exactly."""
    if len(counts) == 1:
        return [np.arange(n)]
    total = sum(counts)
    seeded = random.Random(int.from_bytes(rng.bytes(16)))
    ends = list(accumulate(counts))
    table = np.array([bisect_right(ends, seeded.randrange(total)) for _ in range(n)])
    return [np.flatnonzero(table == index) for index in range(len(counts))]
