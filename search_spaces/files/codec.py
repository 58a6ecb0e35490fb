"""Values as plain data (YAML, JSON) and back, strictly: what is not known is an error.

Fields that hold their default are left out, so the defaults belong to the schema version. A choice is
``{choice: [options]}``, with a ``name`` where it is shared; a block, norm or head is ``{kind: {fields}}``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from search_spaces.choice import Choice, choice
from search_spaces.errors import UserError
from search_spaces.files.atomic import replacing
from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import BLOCKS
from search_spaces.space.space import Space
from search_spaces.values import ListRule, Value, ValueRule, is_open

SCHEMA = 1
MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NAME_LENGTH = 100
_ABOUT = ("schema", "name", "provenance", "recipe")

Kinds = Mapping[str, type[Value]]


def to_data(
    value: Architecture | Space,
    provenance: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The value as a dictionary of JSON's types, with the schema version first."""
    architecture = value.architecture if isinstance(value, Space) else value
    named = {"name": value.name} if isinstance(value, Space) else {}
    notes = {"provenance": provenance, "recipe": recipe}
    about = {key: dict(note) for key, note in notes.items() if note}
    return {"schema": SCHEMA, **named, **about, **_fields(architecture)}


def from_data(data: Any, blocks: Kinds | None = None) -> Architecture | Space:
    """What ``to_data`` returned: a space where anything is left open, else an architecture.

    ``blocks`` are blocks from outside the package by kind. Raises UserError with path, rule and value.
    """
    if not isinstance(data, dict):
        raise UserError(f"a file must hold keys and values, got {type(data).__name__}")
    if _depth(data) > MAX_DEPTH:
        raise UserError(f"data may be nested {MAX_DEPTH} deep at most")
    if type(data.get("schema")) is not int or data["schema"] != SCHEMA:
        raise UserError(f"must be {SCHEMA}, got {data.get('schema')!r}", "schema")
    name = data.get("name", "unnamed")
    if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise UserError(f"must be a printable text of 1 to {MAX_NAME_LENGTH} characters, got {name!r}", "name")
    _known(data, (*_ABOUT, *(field.name for field in fields(Architecture))))
    network = {key: item for key, item in data.items() if key not in _ABOUT}
    for kind, block in (blocks or {}).items():
        if BLOCKS.get(kind, block) is not block:
            raise UserError(f"{kind!r} is a block of the package: call yours otherwise", "blocks")
    architecture = _Reader({**BLOCKS, **(blocks or {})}).value(Architecture, network)
    return Space(name, architecture) if is_open(architecture) else architecture


def check_ends(path: Path) -> None:
    """Raise UserError for a pipe or a device, of which reading may never end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UserError(f"{path} is a pipe or a device, not a file")


def read(path: Path) -> dict[str, Any]:
    """The data in a YAML or JSON file; raises UserError that names the file and the rule."""
    try:
        check_ends(path)
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path} is larger than {MAX_BYTES} bytes")
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


def save(
    value: Architecture | Space,
    path: Path | str,
    provenance: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
) -> Path:
    """Write the value as YAML, or as JSON where the name ends in ``.json``; returns the path.

    ``provenance`` says where it is from, ``recipe`` how it is to be trained (fields of a recipe of ``nas``). The file
    appears whole or not at all. Raises UserError where it cannot be written.
    """
    path = Path(path)
    data = to_data(value, provenance, recipe)
    if path.suffix == ".json":
        text = json.dumps(data, indent=1) + "\n"
    else:
        from search_spaces.files.strict_yaml import dump

        text = dump(data)
    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None
    return path


def plain_data(value: Any) -> Any:
    """Any value of the language as JSON's types."""
    match value:
        case Choice(options, name):
            return {"choice": [plain_data(option) for option in options], **({"name": name} if name else {})}
        case Value():
            return {value.kind: _fields(value)} if value.tagged else _fields(value)
        case tuple():
            return [plain_data(item) for item in value]
    return value


def _fields(value: Value) -> dict[str, Any]:
    return {name: plain_data(field) for name, field in value.written().items()}


class _Reader:
    """Plain data back to values, field by field as the rules say; ``blocks`` are the blocks by kind."""

    def __init__(self, blocks: Kinds) -> None:
        self.blocks = blocks

    def field(self, rule: Any, data: Any) -> Any:
        """What a field of this rule says: a choice, a list, a value by its kind or as plain fields, or a scalar.

        What is none of these goes on as it is: the rule refuses it when the value is constructed.
        """
        if isinstance(data, dict) and "choice" in data:
            return self.choice(rule, data)
        match rule, data:
            case ListRule(), list():
                return tuple(_under(str(index), self.field, rule.item, item) for index, item in enumerate(data))
            case ValueRule(), None:
                return None
            case ValueRule(), _:
                return self.tagged(rule, data) if rule.classes[0].tagged else self.value(rule.classes[0], data)
            case _, list():
                return tuple(data)
        return data

    def choice(self, rule: Any, data: Mapping[str, Any]) -> Any:
        _known(data, ("choice", "name"))
        if not isinstance(data["choice"], list):
            raise UserError(f"must be a list of options, got {data['choice']!r}", "choice")
        return choice(*(self.field(rule, option) for option in data["choice"]), name=data.get("name"))

    def tagged(self, rule: ValueRule, data: Any) -> Any:
        kinds = {name: kind for base in rule.classes for name, kind in base.kinds(self.blocks).items()}
        if not isinstance(data, dict) or len(data) != 1:
            raise UserError(f"must be one of {', '.join(kinds)} with its fields, as {{kind: {{…}}}}, got {data!r}")
        name, arguments = next(iter(data.items()))
        if name not in kinds:
            raise UserError(f"must be one of {', '.join(kinds)}, got {name!r}")
        return self.value(kinds[name], {} if arguments is None else arguments)

    def value(self, kind: type[Value], data: Any) -> Any:
        return kind(**_under(kind.kind if kind.tagged else "", self.arguments, kind, data))

    def arguments(self, kind: type[Value], data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise UserError(f"must hold the fields of {kind.kind}, got {data!r}")
        known = {field.name: field for field in fields(kind)}
        _known(data, known)
        for name, field in known.items():
            if field.default is MISSING and name not in data:
                raise UserError(f"{name} is missing")
        return {name: _under(name, self.field, known[name].metadata.get("rule"), item) for name, item in data.items()}


def _under(path: str, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except UserError as error:
        raise error.under(path) from None


def _known(data: Iterable[Any], names: Iterable[str]) -> None:
    unknown = [key for key in data if key not in names]
    if unknown:
        raise UserError(f"unknown key {unknown[0]!r}; known are {', '.join(names)}")


def _depth(data: Any) -> int:
    """How deep data is nested, counted level by level so that no depth overflows the stack."""
    depth, level = 0, [data]
    while level and depth <= MAX_DEPTH:
        inner = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, (dict, list))]
        depth, level = depth + 1, [item for items in inner for item in items]
    return depth
