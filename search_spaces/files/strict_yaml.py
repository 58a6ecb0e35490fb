"""YAML without its traps: the core schema of YAML 1.2 (JSON's types, nothing else), no anchors, tags, merge keys or
repeated keys, bounded nesting.

``on``, ``12:30:45``, ``1_000`` and ``2026-01-31`` are text; ``1e-5`` is a number, ``010`` is ten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any

import yaml

from search_spaces.errors import UserError

MAX_DEPTH = 60

# YAML 1.2.2, sec. 10.3.2: tag, pattern, first characters.
CORE = (
    ("null", re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
    ("bool", re.compile(r"true|True|TRUE|false|False|FALSE"), list("tTfF")),
    ("int", re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"), list("-+0123456789")),
    (
        "float",
        re.compile(
            r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        ),
        list("-+.0123456789"),
    ),
)

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # that of libyaml, where it is there, is many times as fast

Events = Iterator[Any]


def _document(events: Events) -> Any:
    """The data of the only document, None where there is none."""
    next(events)  # the stream begins
    if isinstance(next(events), yaml.StreamEndEvent):
        return None
    data = _node(next(events), events, 1)
    next(events)  # the document ends
    event = next(events)
    if not isinstance(event, yaml.StreamEndEvent):
        raise _error(event.start_mark, "not valid YAML: but found another document")
    return data


def _node(event: Any, events: Events, depth: int) -> Any:
    """The data that begin with ``event``; ``events`` are those after it."""
    if getattr(event, "anchor", None) is not None:
        raise _error(event.start_mark, "anchors and aliases (& and *) are not allowed")
    if getattr(event, "tag", None) is not None:
        raise _error(event.start_mark, "tags (!) are not allowed")
    if depth > MAX_DEPTH:
        raise _error(event.start_mark, f"nested more than {MAX_DEPTH} deep")
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event.value) if event.implicit[0] else event.value
    if isinstance(event, yaml.SequenceStartEvent):
        return [_node(item, events, depth + 1) for item in _until(events, yaml.SequenceEndEvent)]
    return _mapping(events, depth + 1)


def _until(events: Events, end: type[Any]) -> Iterator[Any]:
    """The events up to one of this kind; whoever takes one takes all that belong to it."""
    return takewhile(lambda event: not isinstance(event, end), events)


def _mapping(events: Events, depth: int) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for event in _until(events, yaml.MappingEndEvent):
        key = _node(event, events, depth)
        if key == "<<":
            raise _error(event.start_mark, "merge keys (<<) are not allowed")
        if not isinstance(key, str):
            raise _error(event.start_mark, f"a key must be text, got {key!r}")
        if key in data:
            raise _error(event.start_mark, f"the key {key!r} stands twice")
        data[key] = _node(next(events), events, depth)
    return data


def _scalar(text: str) -> Any:
    """What a word without quotation marks means."""
    tag = next((tag for tag, pattern, first in CORE if text[:1] in first and pattern.fullmatch(text)), None)
    return text if tag is None else VALUES[tag](text)


def _integer(text: str) -> int:
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _float(text: str) -> float:
    return float(re.sub(r"\.(?=inf|nan)", "", text.lower()))


VALUES: dict[str, Callable[[str], Any]] = {
    "null": lambda text: None,
    "bool": lambda text: text.lower() == "true",
    "int": _integer,
    "float": _float,
}


def _error(mark: Any, rule: str) -> UserError:
    return UserError(f"line {mark.line + 1}: {rule}")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


for _tag, _pattern, _first in CORE:  # what would be read as a number must be quoted where it is text
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern.pattern})$"), _first)


class _Row(dict[str, Any]):
    """A mapping that is written on one line."""


_Dumper.add_representer(
    _Row, lambda dumper, row: dumper.represent_mapping("tag:yaml.org,2002:map", row.items(), flow_style=True)
)


def parse(text: str) -> Any:
    """The data in a YAML (or JSON) text; raises UserError with the line and the rule."""
    try:
        return _document(yaml.parse(text, Loader=_PARSER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {min(mark.line, text.count(chr(10))) + 1}: " if mark else ""  # a mark may be behind the last line
        raise UserError(f"{line}not valid YAML: {error.problem}") from None
    except UserError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"not valid YAML: {' '.join(str(error).split())[:100]}") from None


def dump(data: dict[str, Any]) -> str:
    """The data as YAML text in the order given; rows of a list, such as stages, on one line each."""
    rows = {key: [_row(item) for item in value] if isinstance(value, list) else value for key, value in data.items()}
    return str(yaml.dump(rows, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=200))


def flow(data: Any) -> str:
    """The data as YAML on one line."""
    return (
        str(yaml.dump(data, Dumper=_Dumper, default_flow_style=True, sort_keys=False, width=10**6))
        .removesuffix("...\n")
        .strip()
    )


def _row(value: Any) -> Any:
    return _Row(value) if isinstance(value, dict) else value
