"""Networks in words: what each row is, and how one network differs from another."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

from search_spaces import Architecture, Space
from search_spaces.network.block import Block
from search_spaces.network.stage import Stage
from search_spaces.values import Value

FIELDS: dict[str, Callable[[Any], str]] = {
    "kernel": lambda value: sides(value),
    "expand_ratio": lambda value: f"expand {value:g}",
    "se_ratio": lambda value: "SE" if value else "no SE",
}
"""Fields of blocks that people write in another way than ``name value``."""
ALWAYS = ("kernel", "expand_ratio")  # said also where they hold their default
ROW_FIELDS: dict[str, Callable[[Any], str]] = {
    "out": lambda value: f"{value} wide",
    "repeats": lambda value: f"{value} repeat{'' if str(value) == '1' else 's'}",
    "stride": lambda value: f"stride {value}",
}
MAX_WORDS = 96  # characters of a difference in a table
PARTS = {"stem": "stem", "stages": "stage"}


def sides(value: Any) -> str:
    """A kernel as ``5×5``, or ``1×7`` where its sides differ."""
    pair = value if isinstance(value, tuple | list) else (value, value)
    return "×".join(map(str, pair))


@lru_cache(maxsize=65536)
def block_words(block: Block) -> str:
    """``MBConv 5×5, expand 6, SE``: the kind, and the fields that do not hold their default."""
    given = block.written()
    words = []
    for f in fields(block):
        value = getattr(block, f.name)
        if value is None or (f.name not in given and f.name not in ALWAYS and f.name != "se_ratio"):
            continue
        if f.name == "se_ratio" and not value:
            continue
        words.append(FIELDS[f.name](value) if f.name in FIELDS else f"{f.name} {_brief(value)}")
    name = type(block).__name__
    if words and words[0][0].isdigit():
        name, words = f"{name} {words[0]}", words[1:]
    return ", ".join([name, *words])


@lru_cache(maxsize=65536)
def row_words(stage: Stage) -> str:
    """``MBConv 5×5, expand 6, SE, 40 wide, 3 repeats``; blocks that differ within the row one after another."""
    kinds = list(dict.fromkeys(map(block_words, stage.sequence)))
    words = [" then ".join(kinds)]
    if stage.out is not None:
        words.append(ROW_FIELDS["out"](stage.out))
    words.append(ROW_FIELDS["repeats"](stage.count))
    if stage.stride != 1:
        words.append(ROW_FIELDS["stride"](stage.stride))
    return ", ".join(words)


def row_name(path: str) -> str:
    """``stage 3`` for the path ``stages.2``: people count from 1."""
    part, _, index = path.partition(".")
    return f"{PARTS[part]} {int(index) + 1}" if part in PARTS and index.isdigit() else path


def network_words(architecture: Architecture) -> list[tuple[str, str]]:
    """Each row of the stem and the stages, by its name for people, and the head."""
    rows = [(row_name(path), row_words(stage)) for path, stage, _ in architecture.rows()]
    return [*rows, ("head", _value_words(architecture.head))]


def active_labels(space: Space, decisions: Mapping[str, str]) -> dict[str, str]:
    """The decisions that count in this network, with their labels."""
    known: dict[str, str] = {}
    for decision in space.decisions:
        if decision.name in decisions and decision.active(known):
            known[decision.name] = decisions[decision.name]
    return known


def difference(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    """How the active decisions ``one`` differ from ``other``, row by row: ``stage 3: 5×5, 48 wide; stage 5: 4
    repeats``.

    What only the other one decides, because a branch was not taken, is not said.
    """
    rows: dict[str, list[str]] = {}
    for name, label in one.items():
        if other.get(name) != label:
            row, words = decision_words(name, label)
            rows.setdefault(row, []).append(words)
    return "; ".join(f"{row}: {', '.join(words)}" if row else ", ".join(words) for row, words in rows.items())


def brief(words: str, most: int = MAX_WORDS) -> str:
    """As many rows of a difference as ``most`` characters hold, and how many more there are."""
    rows = words.split("; ")
    kept = len(rows)
    while kept > 1 and len("; ".join(rows[:kept])) > most:
        kept -= 1
    more = len(rows) - kept
    return "; ".join(rows[:kept]) + (f" … and {more} more rows" if more > 1 else " … and 1 more row" if more else "")


def decision_name(name: str) -> str:
    """``stage 3 kernel`` for the decision ``stages.2.block.mbconv.kernel``; branches whose names say more stay."""
    parts = _path(name)
    if parts[0] not in PARTS or len(parts) < 2:
        return name
    inner = [part for part in parts[2:] if part != "block"] or ["block"]
    return " ".join([row_name(".".join(parts[:2])), *inner])


@lru_cache(maxsize=65536)
def decision_words(name: str, label: str) -> tuple[str, str]:
    """The row of a decision, and what its label says there: ``("stage 3", "5×5")``."""
    parts = _path(name)
    row = row_name(".".join(parts[:2])) if parts[0] in PARTS and len(parts) > 1 else ("head" if "head" in parts else "")
    inner = parts[2:] if parts[0] in PARTS else parts
    block = f"block {int(inner[1]) + 1} " if len(inner) > 1 and inner[0] == "blocks" and inner[1].isdigit() else ""
    field = parts[-1]
    if field in FIELDS:
        return row, block + _label_words(field, label)
    if field in ROW_FIELDS:
        return row, block + ROW_FIELDS[field](label)
    return row, block + (label if field in ("block", "stages") or field.isdigit() else f"{field} {label}")


def _path(name: str) -> list[str]:
    """The words of a path; a dot inside the brackets of a branch's label parts nothing."""
    return re.split(r"\.(?![^(]*\))", name)


def _label_words(field: str, label: str) -> str:
    try:
        return FIELDS[field](float(label) if field != "kernel" else label)
    except ValueError:  # a kernel of two sides, or a word
        return f"{field} {label}"


def _value_words(value: Value) -> str:
    words = [f"{name} {_brief(item)}" for name, item in value.written().items() if name != "out"]
    out = getattr(value, "out", None)
    return ", ".join([type(value).__name__, *([ROW_FIELDS["out"](out)] if out else []), *words])


def _brief(value: Any) -> str:
    """A number or word as it is, a value by its kind, a list by its length."""
    if isinstance(value, Value):
        return type(value).__name__
    if isinstance(value, tuple) and any(isinstance(item, Value | tuple) for item in value):
        return f"of {len(value)}"
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)
