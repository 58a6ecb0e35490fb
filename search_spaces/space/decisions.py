"""Decisions: their names and labels, when they are active, and what choices must keep to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from search_spaces.choice import Choice
from search_spaces.errors import UserError
from search_spaces.network.blocks import Block, Stage
from search_spaces.network.defaults import Defaults, filled
from search_spaces.values import Value, field_values, is_open, parts

Condition = tuple[str, frozenset[str]]
"""Name of another decision, and the labels of it under which this one is active."""


@dataclass(frozen=True)
class Decision:
    """One named choice. It is active where all its conditions hold; ``branch`` is the path of the branch that
    it lies in (empty outside), so that ``name`` without it compares across branches."""

    name: str
    labels: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    parent: str = ""
    branch: str = ""

    def active(self, labels: Mapping[str, str]) -> bool:
        """Whether the decision counts under the labels of the decisions before it."""
        return all(labels.get(name) in allowed for name, allowed in self.conditions)

    @property
    def place(self) -> tuple[str, str]:
        """Parent decision and name within its branch: equal for equally named decisions of its branches."""
        return self.parent, self.name[len(self.branch) :]


@dataclass(frozen=True)
class Place:
    """Where a node stands: its path, the conditions under which it is active, and the branch that it lies in."""

    path: str = ""
    conditions: tuple[Condition, ...] = ()
    parent: str = ""
    branch: str = ""

    def field(self, name: str) -> Place:
        """The place of a field or an item."""
        return replace(self, path=f"{self.path}.{name}" if self.path else name)

    def option(self, decision: str, label: str) -> Place:
        """The place inside the branch that ``label`` takes."""
        path = f"{self.path}.{label}"
        return Place(path, (*self.conditions, (decision, frozenset((label,)))), decision, path)


def labels_of(value: Choice) -> tuple[str, ...]:
    """Distinct stable labels of the options: a number or word as written, a block by its kind, with its
    fields where kinds repeat; a row by its block."""
    labels = [_label(option, detailed=False) for option in value.options]
    if len(set(labels)) < len(labels):
        labels = [_label(option, detailed=True) for option in value.options]
    counts: dict[str, int] = {}
    for index, label in enumerate(labels):
        counts[label] = counts.get(label, 0) + 1
        labels[index] = label if counts[label] == 1 else f"{label}-{counts[label]}"
    return tuple(labels)


def _label(option: Any, detailed: bool) -> str:
    if isinstance(option, tuple) and any(isinstance(item, Value) for item in option):
        return "rows"
    if isinstance(option, Stage) and isinstance(option.block, Block):
        return _label(option.block, detailed)
    if not isinstance(option, Value):
        return str(option).lower() if isinstance(option, bool) else str(option)
    given = {
        f.name: getattr(option, f.name) for f in fields(option) if detailed and getattr(option, f.name) != f.default
    }
    words = [f"{name}={_label(v, True)}" for name, v in given.items() if not isinstance(v, (Choice, tuple))]
    return f"{option.kind}({', '.join(words)})" if words else option.kind


def check_choices(value: Any, defaults: Defaults | None, path: str = "") -> None:
    """Raise UserError where options coincide, or a choice stands inside an option of a shared one."""
    if isinstance(value, Choice):
        _check_choice(value, defaults, path)
    kind = value.kind if isinstance(value, Value) and value.tagged else ""
    for name, part in _named_parts(value):
        check_choices(part, defaults, ".".join(word for word in (path, kind, name) if word))


def _named_parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What stands directly in a value, by the name of its field, or its index; options have no name."""
    if isinstance(value, Value):
        return iter(field_values(value).items())
    return (("" if isinstance(value, Choice) else str(index), part) for index, part in enumerate(parts(value)))


def _check_choice(value: Choice, defaults: Defaults | None, path: str) -> None:
    options = [
        filled(option, defaults) if defaults and isinstance(option, Value) else option for option in value.options
    ]
    field = path.rsplit(".", 1)[-1]
    if defaults is not None and not path.startswith("defaults"):
        options = [getattr(defaults, field, None) if option is None else option for option in options]
    seen: set[Any] = set()
    for index, option in enumerate(options):
        if option in seen:
            raise UserError(f"options must differ, got {value.options[index]!r} twice", path)
        seen.add(option)
        if value.name and is_open(option):
            raise UserError(f"the shared choice {value.name!r} cannot have choices inside its options", path)


def shared_choices(architecture: Value) -> dict[str, Choice]:
    """The shared choices by name.

    Raises UserError where one name has different options, stands inside branches only, or is that of a field.
    """
    shared: dict[str, Choice] = {}
    outside: set[str] = set()
    for shared_choice, in_branch in _choices(architecture, False):
        if shared_choice.name is None:
            continue
        if shared_choice.name in field_values(architecture):
            raise UserError(f"a shared choice cannot be named {shared_choice.name!r}, as a field of the network is")
        if shared.setdefault(shared_choice.name, shared_choice) != shared_choice:
            raise UserError(f"the shared choice {shared_choice.name!r} must have the same options everywhere")
        outside |= set() if in_branch else {shared_choice.name}
    for name in shared:
        if name not in outside:
            raise UserError(f"the shared choice {name!r} must stand at least once outside every branch")
    return shared


def _choices(value: Any, in_branch: bool) -> Iterator[tuple[Choice, bool]]:
    """Every choice in a value, and whether it stands inside an option of another."""
    if isinstance(value, Choice):
        yield value, in_branch
    for part in parts(value):
        yield from _choices(part, in_branch or isinstance(value, Choice))
