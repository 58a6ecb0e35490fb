"""The rows of a network (stem, stages, head) as lines of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nas.cli import output

if TYPE_CHECKING:
    from search_spaces import Architecture

Row = tuple[str, str, object, object, object]
TITLES = ("row", "block", "out", "repeats", "stride", "output", "parameters", "MACs")


def print_rows(architecture: Architecture) -> None:
    """Print one line a row: where, block, width, repeats, stride, output shape, parameters, MACs."""
    from search_spaces.network.cost import rows

    costs = [(_side(row.shape), f"{row.params:,}", f"{row.macs:,}") for row in rows(architecture)]
    lines: list[tuple[object, ...]] = []
    for (where, block, *numbers), cost in zip(rows_of(architecture), costs, strict=True):
        first, *branches = block.splitlines()
        lines.append((where, first, *numbers, *cost))
        lines += [("", f"  {branch}", *[""] * (len(TITLES) - 2)) for branch in branches]
    output.print_table(TITLES, lines, "llrrrrrr")


def _side(shape: tuple[int, ...]) -> str:
    return " × ".join(str(side) for side in shape)


def rows_of(architecture: Architecture) -> list[Row]:
    """(row, block, out, repeats, stride) of the stem, every stage and the head."""
    from search_spaces.files.codec import to_data

    data = to_data(architecture)
    rows: list[Row] = []
    for part in ("stem", "stages"):
        rows += [_row(f"{part}.{index}", row) for index, row in enumerate(data.get(part, ()))]
    return [*rows, _head(data.get("head", {"pooled": {}}))]


def brief(value: Any) -> str:
    """A block as ``mbconv(kernel 5, expand_ratio 6)``, with each of its branches on a line of its own, a list as
    ``a | b``, anything else as itself."""
    if isinstance(value, Mapping):
        return ", ".join(_named(name, fields) for name, fields in value.items())
    if isinstance(value, list | tuple):
        return " | ".join(brief(item) for item in value)
    return str(value)


def _branch(rows: Any) -> str:
    """The rows of one branch in one line, ``conv(kernel 1) 64, conv 96 × 2 / 2``: block, width, repeats, stride."""
    return ", ".join(map(_brief_row, rows))


def _brief_row(row: Mapping[str, Any]) -> str:
    block = _inline(brief(row.get("block", row.get("blocks"))))
    repeats = f"× {row['repeats']}" if "repeats" in row else ""
    stride = f"/ {row['stride']}" if "stride" in row else ""
    return " ".join(word for word in (block, str(row.get("out", "")), repeats, stride) if word)


def _inline(block: str) -> str:
    first, *branches = block.splitlines()
    return f"{first} [{' | '.join(branches)}]" if branches else first


def _named(name: str, fields: Any) -> str:
    if not isinstance(fields, Mapping):
        return f"{name} {brief(fields)}"
    if not fields:
        return name
    values = [f"{key} {_sides(value)}" for key, value in fields.items() if key != "branches"]
    block = f"{name}({', '.join(values)})" if values else name
    return "\n".join([block, *map(_branch, fields.get("branches", ()))])


def _sides(value: Any) -> str:
    """A kernel's height and width as ``1×7``; anything else in brief."""
    pair = isinstance(value, list) and len(value) == 2 and all(type(side) is int for side in value)
    return f"{value[0]}×{value[1]}" if pair else brief(value)


def _row(where: str, row: Mapping[str, Any]) -> Row:
    blocks = row.get("blocks")
    return (
        where,
        brief(row.get("block", row.get("each", blocks))),
        _cell(row.get("out")),
        _cell(row.get("repeats", len(blocks) if isinstance(blocks, list) else 1)),
        _cell(row.get("stride", 1)),
    )


def _head(head: Any) -> Row:
    width = head.get("out") if isinstance(head, Mapping) else None
    rest = {key: value for key, value in head.items() if key != "out"} if isinstance(head, Mapping) else head
    return "head", brief(rest), _cell(width), None, None


def _cell(value: Any) -> object:
    return brief(value) if isinstance(value, Mapping | list | tuple) else value
