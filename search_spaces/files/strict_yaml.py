"""YAML without its traps: the core schema of YAML 1.2 (JSON's types, nothing else), no anchors, tags, merge keys or
repeated keys, bounded nesting.

``on``, ``12:30:45``, ``1_000`` and ``2026-01-31`` are text; ``1e-5`` is a number, ``010`` is ten.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from search_spaces.errors import UserError

MAX_DEPTH = 60

# YAML 1.2.2, sec. 10.3.2: tag, pattern, first characters.
_CORE = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
)


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # those of YAML 1.1 are not inherited
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None:
            raise _error(event.start_mark, "anchors and aliases (& and *) are not allowed")
        if getattr(event, "tag", None) is not None:
            raise _error(event.start_mark, "tags (!) are not allowed")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _error(event.start_mark, f"nested more than {MAX_DEPTH} deep")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key == "<<":
                raise _error(key_node.start_mark, "merge keys (<<) are not allowed")
            if not isinstance(key, str):
                raise _error(key_node.start_mark, f"a key must be text, got {key!r}")
            if key in seen:
                raise _error(key_node.start_mark, f"the key {key!r} stands twice")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)

    def construct_core_int(self, node: Any) -> int:
        text = self.construct_scalar(node)
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _error(mark: Any, rule: str) -> UserError:
    return UserError(f"line {mark.line + 1}: {rule}")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


for _tag, _pattern, _first in _CORE:
    for _class in (_Loader, _Dumper):  # what would be read as a number must be quoted where it is text
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})$"), _first)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_core_int)


class _Row(dict[str, Any]):
    """A mapping that is written on one line."""


_Dumper.add_representer(
    _Row, lambda dumper, row: dumper.represent_mapping("tag:yaml.org,2002:map", row.items(), flow_style=True)
)


def parse(text: str) -> Any:
    """The data in a YAML (or JSON) text; raises UserError with the line and the rule."""
    try:
        return yaml.load(text, Loader=_Loader)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
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
