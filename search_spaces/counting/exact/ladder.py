"""Sorted values with a table of where each short interval of them begins: quicker to ask than a binary search."""

from __future__ import annotations

import numpy as np

from search_spaces.counting.tables import Ints
from search_spaces.counting.windows import Window

MAX_CELLS = 1 << 22
CELLS_PER_VALUE = 4


class Ladder:
    """``values``: sorted int64 of shape (n,), n at least 1 and below 2³¹."""

    def __init__(self, values: Ints) -> None:
        self.values = values
        self._low, self._high = int(values[0]), int(values[-1])
        cells = min(MAX_CELLS, CELLS_PER_VALUE * len(values))
        self._shift = max(0, ((self._high - self._low) // cells).bit_length())
        self._cells = ((self._high - self._low) >> self._shift) + 1
        counts = np.bincount((values - self._low) >> self._shift, minlength=self._cells)
        self._begin = np.zeros(self._cells + 1, dtype=np.int32)
        np.cumsum(counts, out=self._begin[1:])

    def up_to(self, limit: Ints) -> Ints:
        """How many values are at most each limit; int64 (q,)."""
        if not len(limit) or int(limit.max()) < self._low:
            return np.zeros(len(limit), dtype=np.int64)
        if int(limit.min()) >= self._high:
            return np.full(len(limit), len(self.values), dtype=np.int64)
        cell = (limit - self._low) >> self._shift
        count: Ints = self._begin[np.clip(cell + 1, 0, self._cells)].astype(np.int64)
        inside = (cell >= 0) & (cell < self._cells)
        before = self._begin[np.clip(cell, 0, self._cells)]
        open_ = np.flatnonzero(inside & (count > before))
        count[open_] = self._within(limit[open_], before[open_], count[open_])
        return count

    def _within(self, limit: Ints, first: Ints, last: Ints) -> Ints:
        """The same where the answer lies between two positions: step by step, or by halving where far apart."""
        if self._shift == 0:
            return last
        position: Ints = first.astype(np.int64)
        for _ in range(2):
            position += (position < last) & (self.values[np.minimum(position, last - 1)] <= limit)
        left = np.flatnonzero((position < last) & (self.values[np.minimum(position, last - 1)] <= limit))
        position[left] = np.searchsorted(self.values, limit[left], side="right")
        return position

    def stretch(self, base: Ints, window: Window) -> tuple[Ints, Ints]:
        """Begin and end of the values that bring each base into the window; int64 (q,) each."""
        end = self.up_to(window.high - base)
        if window.low <= 0:
            return np.zeros_like(end), end
        return self.up_to(window.low - 1 - base), end
