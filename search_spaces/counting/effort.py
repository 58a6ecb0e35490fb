"""How much time and memory counting may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Bounds of counting and drawing; the defaults suit one core, a gigabyte and half a minute.

    ``quick_queries``: up to so many queries the count is exact, unasked. ``max_draws``: before an error, where
    none of them fits. ``bucket_work``: cells that a bracket adds up in all; ``max_merged``: ways through several
    layers that a bracket takes as one. ``many_queries``: above, an exact count keeps only every ``stride``-th
    running number; ``chunk``: queries at a time, so that they stay in the processor's cache.
    """

    quick_queries: int = 3_000_000
    max_draws: int = 200_000
    bucket_work: int = 2_500_000_000
    max_merged: int = 1_500
    many_queries: int = 1 << 25
    stride: int = 8
    chunk: int = 1 << 17
