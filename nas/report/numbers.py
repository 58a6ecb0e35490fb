"""Numbers rounded for people."""

from __future__ import annotations

UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def rounded(number: float | None) -> str:
    """Four significant digits with a unit, `385.8 M`; a dash for None."""
    if number is None:
        return "–"
    for size, unit in UNITS:
        if abs(number) >= size:
            return f"{number / size:#.4g} {unit}"
    return f"{number:.4g}"


def seconds_text(seconds: float) -> str:
    """`42 s`, `3 min 05 s` or `2 h 07 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
