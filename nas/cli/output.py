"""Plain text for people and for pipes: aligned tables, rounded numbers, JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from nas.text.visible import one_line as visible_line
from nas.text.visible import visible


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]], align: str) -> None:
    """Print an aligned table, never cut to the terminal's width.

    ``headers`` are titles of columns, ``align`` has a letter ``l`` or ``r`` for each; a cell None prints as a dash.
    """
    for line in table_lines(headers, rows, align):
        print(line)


def table_lines(headers: Sequence[str], rows: Sequence[Sequence[object]], align: str) -> list[str]:
    """Lines of the table: titles, a rule, the rows."""
    cells = [[_text(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(headers), *cells]) for i in range(len(headers))]

    def line(row: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, align, strict=True)
        )
        return "  ".join(padded).rstrip()

    return [line(headers), "  ".join("─" * width for width in widths), *(line(row) for row in cells)]


def print_pairs(pairs: Sequence[tuple[str, object]]) -> None:
    """Print ``name  value`` lines with the names in one column."""
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        print(f"  {name:<{width}}  {_text(value)}")


def print_json(value: Any) -> None:
    """Print a value as indented JSON on stdout."""
    print(_json(value, indent=2))


def print_json_items(items: Iterable[Any]) -> None:
    """Print a JSON list on stdout, one item a line, each as soon as it is there."""
    before = "["
    for item in items:
        print(before, _json(item), sep="\n", end="", flush=True)
        before = ","
    print("[]" if before == "[" else "\n]")


def _json(value: Any, **settings: Any) -> str:
    """JSON in the signs that stdout has, in which nothing steers the terminal."""
    ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(value, ensure_ascii=ascii_only, **settings)
    if visible(text) == text:
        return text
    return "".join(char if visible(char) == char else json.dumps(char)[1:-1] for char in text)


def say(line: str) -> None:
    """A line for the person, on stderr, so that stdout keeps to what was asked for."""
    print(visible(line), file=sys.stderr, flush=True)


def is_live() -> bool:
    """Whether stderr is a terminal that can draw a line again in place."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def one_line(parts: Sequence[str]) -> str:
    """The parts with commas between, as many as one line of the terminal holds, the first of them cut where need be;
    all of them where stderr is none."""
    width = _columns()
    while width is not None and len(parts) > 1 and len(", ".join(parts)) > width:
        parts = parts[:-1]
    line = ", ".join(parts)
    return line if width is None or len(line) <= width else f"{line[: width - 1]}…"


def _columns() -> int | None:
    """Characters that a line of the terminal holds before it wraps."""
    if not sys.stderr.isatty():
        return None
    try:
        return max(20, (os.get_terminal_size(sys.stderr.fileno()).columns or 80) - 1)
    except (OSError, ValueError):
        return 79


def _text(cell: object) -> str:
    """In one line, in which nothing steers the terminal."""
    return "–" if cell is None else visible_line(str(cell))
