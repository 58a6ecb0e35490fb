"""Intervals of shares."""

from __future__ import annotations

from math import sqrt

Z95 = 1.959963984540054


def wilson(hits: float, n: int) -> tuple[float, float]:
    """95 % Wilson score interval of a share of ``hits`` in ``n`` (Wilson 1927).

    Raises ValueError where n is not positive, or hits lies outside 0 … n.
    """
    if n <= 0 or not 0 <= hits <= n:
        raise ValueError(f"a share needs 0 <= hits <= n and n > 0, not {hits} of {n}")
    p, z2 = hits / n, Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)
