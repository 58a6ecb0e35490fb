"""Counting and selecting by rank in any stretch of an array: a wavelet tree (Grossi et al. 2003).

Level d holds the ranks stably sorted by their first d bits, as running counts of zeros in bit d. Ranks are a
permutation, so where a node begins, and how many zeros lie before it, follow from the rank alone.
"""

from __future__ import annotations

import numpy as np

from search_spaces.counting.tables import Ints


class Wavelet:
    """``ranks``: a permutation of 0 … n - 1, n below 2³¹, shape (n,)."""

    def __init__(self, ranks: Ints) -> None:
        self.size = len(ranks)
        self._bits = max(1, int(self.size - 1).bit_length())
        self._zeros: list[Ints] = []
        current = ranks.astype(np.int32)
        place = np.arange(self.size, dtype=np.int32)
        for shift in reversed(range(self._bits)):
            one = (current >> shift) & 1
            zeros = np.zeros(self.size + 1, dtype=np.int32)
            np.cumsum(1 - one, dtype=np.int32, out=zeros[1:])
            self._zeros.append(zeros)
            start = (current >> (shift + 1)) << (shift + 1)
            before = zeros[:-1] - (start >> 1)  # zeros of the node before this element
            to = np.where(one == 1, start + (1 << shift) + (place - start - before), start + before)
            after = np.empty_like(current)
            after[to] = current
            current = after

    def below(self, end: Ints, rank: Ints) -> Ints:
        """How many of the first ``end`` elements have a rank below ``rank``; both (q,), 0 to n. int64 (q,)."""
        count = np.where(rank >= self.size, end, 0).astype(np.int64)
        inside = np.flatnonzero((rank > 0) & (rank < self.size) & (end > 0))
        whole = end[inside] == self.size
        count[inside[whole]] = rank[inside[whole]]
        inside = inside[~whole]
        count[inside] = self._below(end[inside].astype(np.int32), rank[inside].astype(np.int32))
        return count

    def _below(self, left: Ints, rank: Ints) -> Ints:
        start, total = np.zeros_like(left), np.zeros_like(left)
        for level, zeros in enumerate(self._zeros):
            shift = self._bits - 1 - level
            inside = zeros[start + left] - (start >> 1)
            one = ((rank >> shift) & 1).astype(bool)
            total += np.where(one, inside, 0)
            left = np.where(one, left - inside, inside)
            start = (rank >> shift) << shift
        return total

    def within(self, begin: Ints, end: Ints, rank: Ints) -> Ints:
        """How many of the elements ``begin`` to ``end`` (not before it) have a rank below ``rank``; int64 (q,)."""
        if not begin.any():
            return self.below(end, rank)
        count = np.where(rank >= self.size, end - begin, 0).astype(np.int64)
        where: Ints = np.flatnonzero((rank > 0) & (rank < self.size) & (end > begin))
        first: Ints = begin[where].astype(np.int32)
        last: Ints = end[where].astype(np.int32)
        rank = rank[where].astype(np.int32)
        start: Ints = np.zeros_like(rank)
        for level, zeros in enumerate(self._zeros):
            shift = self._bits - 1 - level
            from_, to = zeros[start + first] - (start >> 1), zeros[start + last] - (start >> 1)
            one = ((rank >> shift) & 1).astype(bool)
            count[where] += np.where(one, to - from_, 0)
            first, last = np.where(one, first - from_, from_), np.where(one, last - to, to)
            start = (rank >> shift) << shift
            if level % 3 == 2:  # a narrow stretch soon has nothing left in the rank's own node
                left = np.flatnonzero(last > first)
                where, first, last, rank, start = (array[left] for array in (where, first, last, rank, start))
        return count

    def select(self, begin: Ints, end: Ints, number: Ints) -> Ints:
        """The rank that is ``number``-th (from 0) among elements ``begin`` to ``end``; all (q,)."""
        first: Ints = begin.astype(np.int32)
        last: Ints = end.astype(np.int32)
        number = number.astype(np.int32)
        start: Ints = np.zeros_like(first)
        for level, zeros in enumerate(self._zeros):
            shift = self._bits - 1 - level
            from_, to = zeros[start + first] - (start >> 1), zeros[start + last] - (start >> 1)
            one = number >= to - from_
            number = np.where(one, number - (to - from_), number)
            first, last = np.where(one, first - from_, from_), np.where(one, last - to, to)
            start = start + (one.astype(np.int32) << shift)
        return start
