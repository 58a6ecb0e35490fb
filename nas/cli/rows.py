"""The rows of a network (stem, stages, head) as lines of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nas.cli import output

if TYPE_CHECKING:
    from search_spaces import Architecture

Row = tuple[str, str, object, object, object]


def print_rows(architecture: Architecture) -> None:
    """Print one line a row: where, block, width, repeats, stride."""
    output.print_table(("row", "block", "out", "repeats", "stride"), rows_of(architecture), "llrrr")


def rows_of(architecture: Architecture) -> list[Row]:
    """(row, block, out, repeats, stride) of the stem, every stage and the head."""
    from search_spaces.codec import to_data

    data = to_data(architecture)
    rows: list[Row] = []
    for part in ("stem", "stages"):
        rows += [_row(f"{part}.{index}", row) for index, row in enumerate(data.get(part, ()))]
    if data.get("head") is not None:
        rows.append(_head(data["head"]))
    return rows


def brief(value: Any) -> str:
    """A block as `mbconv(kernel 5, expand_ratio 6)`, a list as `a | b`, anything else as itself."""
    if isinstance(value, Mapping):
        return ", ".join(_named(name, fields) for name, fields in value.items())
    if isinstance(value, list | tuple):
        return " | ".join(brief(item) for item in value)
    return str(value)


def _named(name: str, fields: Any) -> str:
    if not isinstance(fields, Mapping):
        return f"{name} {brief(fields)}"
    if not fields:
        return name
    return f"{name}({', '.join(f'{key} {brief(value)}' for key, value in fields.items())})"


def _row(where: str, row: Mapping[str, Any]) -> Row:
    block = row.get("block", row.get("each"))
    return (
        where,
        brief(block),
        _cell(row.get("out")),
        _cell(row.get("repeats", 1)),
        _cell(row.get("stride", 1)),
    )


def _head(head: Any) -> Row:
    width = head.get("out") if isinstance(head, Mapping) else None
    rest = {key: value for key, value in head.items() if key != "out"} if isinstance(head, Mapping) else head
    return "head", brief(rest), _cell(width), None, None


def _cell(value: Any) -> object:
    return brief(value) if isinstance(value, Mapping | list | tuple) else value
