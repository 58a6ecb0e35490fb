"""YAML without its traps: no aliases, no repeated keys, no tags, bounded nesting; ``1e-5`` is a number."""

from __future__ import annotations

import re
from typing import Any

import yaml

from search_spaces.errors import UserError

MOST_DEPTH = 60


class _Loader(yaml.SafeLoader):
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise UserError(f"line {self._line()}: anchors and aliases (& and *) are not allowed")
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise UserError(f"line {self._line()}: nested more than {MOST_DEPTH} deep")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise UserError(f"line {key.start_mark.line + 1}: the key {key.value!r} stands twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)

    def _line(self) -> int:
        return int(self.peek_event().start_mark.line) + 1  # type: ignore[no-untyped-call]


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


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
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"not valid YAML: {' '.join(str(error).split())[:100]}") from None


def dump(data: dict[str, Any]) -> str:
    """The data as YAML text in the order given; rows of a list, such as stages, on one line each."""
    rows = {key: [_row(each) for each in own] if isinstance(own, list) else own for key, own in data.items()}
    return str(yaml.dump(rows, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=200))


def _row(value: Any) -> Any:
    return _Row(value) if isinstance(value, dict) else value
