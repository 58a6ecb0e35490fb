"""A small scatter plot in characters, for terminals and pipes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 64, 14  # characters of the field


@dataclass(frozen=True)
class Marks:
    """Points drawn with one character, and what it means; later marks lie over earlier ones."""

    mark: str
    meaning: str
    points: Sequence[tuple[float, float]]


def scatter(
    marks: Sequence[Marks], x_text: Callable[[float], str], y_text: Callable[[float], str], titles: tuple[str, str]
) -> list[str]:
    """Lines of the plot: the field with the ends of both axes, their titles, and the meanings of the marks. Empty
    without points."""
    points = [point for of_kind in marks for point in of_kind.points]
    if not points:
        return []
    x_ends, y_ends = _ends([x for x, _ in points]), _ends([y for _, y in points])
    field = [[" "] * WIDTH for _ in range(HEIGHT)]
    for of_kind in marks:
        for x, y in of_kind.points:
            field[HEIGHT - 1 - _place(y, y_ends, HEIGHT)][_place(x, x_ends, WIDTH)] = of_kind.mark
    labels = {0: y_text(y_ends[1]), HEIGHT - 1: y_text(y_ends[0])}
    margin = max(map(len, labels.values()))
    lines = [f"{labels.get(row, ''):>{margin}} │{''.join(cells).rstrip()}" for row, cells in enumerate(field)]
    left, right = x_text(x_ends[0]), x_text(x_ends[1])
    used = [f"{of_kind.mark} {of_kind.meaning}" for of_kind in marks if of_kind.points]
    return [
        f"{titles[1]} against {titles[0]}: {', '.join(used)}",
        *lines,
        " " * margin + " └" + "─" * WIDTH,
        " " * (margin + 2) + left + right.rjust(WIDTH - len(left)),
    ]


def _ends(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2)


def _place(value: float, ends: tuple[float, float], cells: int) -> int:
    return min(cells - 1, int(cells * (value - ends[0]) / (ends[1] - ends[0])))
