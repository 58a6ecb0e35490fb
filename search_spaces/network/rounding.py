"""Rounding of widths and depths, with sources."""

from __future__ import annotations

import math


def round_filters(width: float, divisor: int = 8) -> int:
    """``width`` to the nearest multiple of ``divisor``, never below 90 % of it (``_make_divisible``:
    Sandler et al. 2018, reference code; used by Tan & Le 2019)."""
    rounded = max(divisor, int(width + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * width else rounded


def round_repeats(repeats: int, multiplier: float) -> int:
    """``repeats × multiplier``, rounded up (Tan & Le 2019, reference code).

    A product that floating point puts just above an integer stays that integer.
    """
    return max(1, math.ceil(round(repeats * multiplier, 9)))
