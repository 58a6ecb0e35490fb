"""Values as plain data (YAML, JSON) and back, strictly: what is not known is an error.

Fields that hold their default are left out, so the defaults belong to the schema version. A choice is
``{choice: [options]}``, with a ``name`` where it is shared; a block, norm or head is ``{kind: {fields}}``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import partial
from pathlib import Path
from typing import Any

from search_spaces.choice import Choice, choice
from search_spaces.errors import UserError
from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import BLOCKS, Block, Stage
from search_spaces.network.defaults import SE, Defaults
from search_spaces.network.heads import Aux
from search_spaces.space.space import Space
from search_spaces.values import ListRule, Value, ValueRule

SCHEMA = 1
MOST_BYTES = 1_000_000
MOST_DEPTH = 40
LONGEST_NAME = 100
_ABOUT = ("schema", "name", "provenance", "recipe")

Kinds = Mapping[str, type[Value]]


def to_data(value: Architecture | Space, provenance: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The value as a dictionary of JSON's types, with the schema version first."""
    architecture = value.architecture if isinstance(value, Space) else value
    named = {"name": value.name} if isinstance(value, Space) else {}
    about = {"provenance": dict(provenance)} if provenance else {}
    return {"schema": SCHEMA, **named, **about, **_fields(architecture)}


def from_data(data: Any, blocks: Kinds | None = None) -> Architecture | Space:
    """What :func:`to_data` made: a space where anything is left open, else an architecture.

    ``blocks`` are blocks from outside the package by kind. Raises UserError with path, rule and value.
    """
    if not isinstance(data, dict):
        raise UserError(f"a file must hold keys and values, got {type(data).__name__}")
    if _depth(data) > MOST_DEPTH:
        raise UserError(f"data may be nested {MOST_DEPTH} deep at most")
    if type(data.get("schema")) is not int or data["schema"] != SCHEMA:
        raise UserError(f"must be {SCHEMA}, got {data.get('schema')!r}", "schema")
    name = data.get("name", "unnamed")
    if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name) <= LONGEST_NAME:
        raise UserError(f"must be a printable text of 1 to {LONGEST_NAME} characters, got {name!r}", "name")
    _known(data, (*_ABOUT, *(each.name for each in fields(Architecture))))
    own = {key: each for key, each in data.items() if key not in _ABOUT}
    architecture = _Reader({**BLOCKS, **(blocks or {})}).value(Architecture, own)
    return Space(name, architecture) if _is_open(architecture) else architecture


def read(path: Path) -> dict[str, Any]:
    """The data in a YAML or JSON file; raises UserError that names the file and the rule."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError(f"{path} is larger than {MOST_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UserError(f"cannot read {path}: {reason}") from None
    from search_spaces.files.strict_yaml import parse

    try:
        data = parse(text)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    if not isinstance(data, dict):
        raise UserError(f"{path}: a file must hold keys and values, got {type(data).__name__}")
    return data


def load_file(path: Path, blocks: Kinds | None = None) -> Architecture | Space:
    """The architecture or space in a YAML or JSON file; raises UserError that names file, path and rule."""
    try:
        return from_data({"name": path.stem, **read(path)}, blocks)
    except UserError as error:
        raise error if str(path) in str(error) else UserError(f"{path}: {error}") from None


def save(value: Architecture | Space, path: Path | str, provenance: Mapping[str, Any] | None = None) -> Path:
    """Write the value as YAML, or as JSON where the name ends in ``.json``; returns the path.

    The file appears whole or not at all. Raises UserError where it cannot be written.
    """
    path = Path(path)
    data = to_data(value, provenance)
    if path.suffix == ".json":
        text = json.dumps(data, indent=1) + "\n"
    else:
        from search_spaces.files.strict_yaml import dump

        text = dump(data)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UserError(f"cannot write {path}: {error.strerror}") from None
    return path


def plain_data(value: Any) -> Any:
    """Any value of the language as JSON's types."""
    if isinstance(value, Choice):
        named = {"name": value.name} if value.name else {}
        return {"choice": [plain_data(option) for option in value.options], **named}
    if isinstance(value, Value):
        own = _fields(value)
        return own if type(value) in _UNTAGGED else {value.kind: own}
    return [plain_data(each) for each in value] if isinstance(value, tuple) else value


_UNTAGGED: tuple[type[Value], ...] = (Architecture, Stage, Defaults, SE, Aux)


def _fields(value: Value) -> dict[str, Any]:
    data = {}
    for each in fields(value):  # type: ignore[arg-type]
        own = getattr(value, each.name)
        if own != each.default or type(own) is not type(each.default):
            data[each.name] = plain_data(own)
    if isinstance(value, Stage) and isinstance(value.blocks, tuple):
        data.pop("repeats", None)
    return data


class _Reader:
    """Plain data back to values, field by field as the rules say; ``blocks`` are the blocks by kind."""

    def __init__(self, blocks: Kinds) -> None:
        self.blocks = blocks

    def reader(self, rule: Any) -> Callable[[Any], Any]:
        """What reads a field of this rule: values by their kind or as plain fields, lists of them, or scalars."""
        if isinstance(rule, ListRule) and _holds_values(rule):
            return self.rows(self.reader(rule.item))
        if not isinstance(rule, ValueRule):
            return self.scalar
        if rule.classes == (Block,):
            return partial(self.tagged, self.blocks)
        if rule.classes[0] in _UNTAGGED:
            return partial(self.value, rule.classes[0])
        return partial(self.tagged, {str(vars(each)["kind"]): each for each in rule.classes})

    def rows(self, item: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def read_rows(data: Any) -> Any:
            if not isinstance(data, list):
                raise UserError(f"must be a list, got {data!r}")
            return tuple(_under(str(index), self.opened, item, each) for index, each in enumerate(data))

        return read_rows

    def opened(self, reader: Callable[[Any], Any], data: Any) -> Any:
        """A choice of what ``reader`` reads, or one of it."""
        if not (isinstance(data, dict) and "choice" in data):
            return reader(data)
        _known(data, ("choice", "name"))
        if not isinstance(data["choice"], list):
            raise UserError(f"must be a list of options, got {data['choice']!r}", "choice")
        return choice(*(self.opened(reader, each) for each in data["choice"]), name=data.get("name"))

    def scalar(self, data: Any) -> Any:
        """A plain value; items of a list may be choices."""
        if isinstance(data, list):
            return tuple(_under(str(index), self.opened, self.scalar, each) for index, each in enumerate(data))
        return data

    def value(self, kind: type[Value], data: Any) -> Any:
        if not isinstance(data, dict):
            raise UserError(f"must hold the fields of {kind.kind}, got {data!r}")
        _known(data, tuple(each.name for each in fields(kind)))  # type: ignore[arg-type]
        missing = [
            each.name
            for each in fields(kind)  # type: ignore[arg-type]
            if each.default is MISSING and each.name not in data
        ]
        if missing:
            raise UserError(f"{missing[0]} is missing")
        rules = {each.name: each.metadata.get("of") for each in fields(kind)}  # type: ignore[arg-type]
        own = {name: _under(name, self.opened, self.reader(rules[name]), each) for name, each in data.items()}
        try:
            return kind(**own)
        except UserError as error:
            raise UserError(error.message, error.path.removeprefix(kind.kind).lstrip(".")) from None

    def tagged(self, kinds: Kinds, data: Any) -> Any:
        if not isinstance(data, dict) or len(data) != 1:
            raise UserError(f"must be one of {', '.join(kinds)} with its fields, as {{kind: {{…}}}}, got {data!r}")
        kind, own = next(iter(data.items()))
        if kind not in kinds:
            raise UserError(f"must be one of {', '.join(kinds)}, got {kind!r}")
        return _under(kind, self.value, kinds[kind], {} if own is None else own)


def _holds_values(rule: ListRule) -> bool:
    item = rule.item
    return isinstance(item, ValueRule) or (isinstance(item, ListRule) and _holds_values(item))


def _under(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except UserError as error:
        raise error.under(name) from None


def _known(data: Mapping[Any, Any], names: tuple[str, ...]) -> None:
    unknown = [key for key in data if key not in names]
    if unknown:
        raise UserError(f"unknown key {unknown[0]!r}; known are {', '.join(names)}")


def _depth(data: Any) -> int:
    """How deep data is nested, counted level by level so that no depth overflows the stack."""
    depth, level = 0, [data]
    while level and depth <= MOST_DEPTH:
        level = [
            child
            for each in level
            if isinstance(each, (dict, list))
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        depth += 1
    return depth


def _is_open(value: Any) -> bool:
    if isinstance(value, Choice):
        return True
    if isinstance(value, tuple):
        return any(_is_open(each) for each in value)
    return isinstance(value, Value) and any(
        _is_open(getattr(value, each.name))
        for each in fields(value)  # type: ignore[arg-type]
    )
