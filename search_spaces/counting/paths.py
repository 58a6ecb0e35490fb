"""Counts and draws where no sum is limited: numbers of paths are enough."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from search_spaces.counting.tables import Ints, Table

MAX_INT = 2**62


class Paths:
    """All paths of a table; a budget on peak memory has already removed its edges."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.count = table.size

    def sample(self, rng: np.random.Generator, n: int) -> Ints:
        """n paths, each uniform and independent: the edge of each step, int32 of shape (n, steps)."""
        return self.members([_below(rng, self.count) for _ in range(n)])

    def members(self, numbers: Iterable[int]) -> Ints:
        """The paths of these numbers, 0 to count - 1."""
        return np.array([self._path(int(number)) for number in numbers], dtype=np.int32)

    def _path(self, number: int) -> list[int]:
        state, edges = 0, []
        for step, ahead in zip(self._table.steps, self._table.ahead[1:], strict=True):
            for group in step.groups:
                size = (group.stop - group.start) * ahead[group.target] if group.source == state else 0
                if number < size:
                    edge, number = divmod(number, ahead[group.target])
                    edges.append(group.start + edge)
                    state = group.target
                    break
                number -= size
        return edges


def _below(rng: np.random.Generator, count: int) -> int:
    """A uniform number below ``count``, of any length."""
    if count <= MAX_INT:
        return int(rng.integers(count))
    bits = count.bit_length()
    while True:
        number = int.from_bytes(rng.bytes(bits // 8 + 1)) >> (8 * (bits // 8 + 1) - bits)
        if number < count:
            return number
