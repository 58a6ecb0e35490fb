"""Numbers rounded for people: one home for the terminal and the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_IMBALANCE = 1.5  # of the most images of a class to the fewest
UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
METRICS = {"macs": "MACs", "params": "parameters", "bytes": "weight bytes", "peak_bytes": "peak bytes"}
"""What a countable cost is called for people."""


def rounded(number: float | None) -> str:
    """Four significant digits with a unit, ``385.8 M``; a dash for None."""
    if number is None:
        return "–"
    for size, unit in UNITS:
        if abs(number) >= size:
            return f"{number / size:#.4g} {unit}"
    return f"{number:.4g}"


def percent(share: float | None, digits: int = 1) -> str:
    """A fraction in per cent, ``96.9 %``; a dash for None."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def interval(low: float, high: float) -> str:
    """Two fractions in per cent: ``93.6 to 97.7 %``."""
    return f"{100 * low:.1f} to {percent(high)}"


def seconds_text(seconds: float) -> str:
    """``42 s``, ``3 min 05 s`` or ``2 h 07 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def is_balanced(evaluation: Mapping[str, Any]) -> bool:
    """Whether all classes have about as many images, so that balanced top-1 says nothing more than top-1."""
    counts: list[int] = [row["images"] for row in evaluation["per_class"]]
    return max(counts) <= MAX_IMBALANCE * min(counts)
