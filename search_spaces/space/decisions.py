"""The decisions of an open value: their names, options, and when they are active."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from search_spaces.choice import Choice
from search_spaces.errors import UserError
from search_spaces.network.blocks import Block, Stage
from search_spaces.network.defaults import Defaults, filled
from search_spaces.values import Value

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
class _Where:
    """Place of a value while walking: its path, the conditions on it, the branch it lies in."""

    path: str = ""
    conditions: tuple[Condition, ...] = ()
    parent: str = ""
    branch: str = ""

    def down(self, name: str) -> _Where:
        path = f"{self.path}.{name}" if self.path else name
        return _Where(path, self.conditions, self.parent, self.branch)

    def into(self, decision: str, label: str) -> _Where:
        path = f"{self.path}.{label}"
        return _Where(path, (*self.conditions, (decision, frozenset((label,)))), decision, path)

    def where(self, *more: Condition) -> _Where:
        return _Where(self.path, (*self.conditions, *more), self.parent, self.branch)


def decisions_in(value: Any, where: _Where | None = None) -> Iterator[Decision]:
    """Every decision in ``value``, parents before children; a shared one once per place where it stands."""
    where = where or _Where()
    if isinstance(value, Choice):
        yield from _of_choice(value, where)
    elif isinstance(value, Stage) and value.each is not None:
        yield from _of_each(value, where)
    elif isinstance(value, Value):
        for each in fields(value):
            yield from decisions_in(getattr(value, each.name), where.down(each.name))
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from decisions_in(each, where.down(str(index)))


def _of_choice(value: Choice, where: _Where) -> Iterator[Decision]:
    labels = labels_of(value)
    name = value.name or where.path
    yield Decision(name, labels, where.conditions, where.parent, where.branch)
    for label, option in zip(labels, value.options, strict=True):
        yield from decisions_in(option, where.into(name, label))


def _of_each(stage: Stage, where: _Where) -> Iterator[Decision]:
    """A stage whose repeats are open and decide by themselves: a later one is active where it exists."""
    for each in fields(stage):
        if each.name != "each":
            yield from decisions_in(getattr(stage, each.name), where.down(each.name))
    repeats = stage.repeats
    options = repeats.options if isinstance(repeats, Choice) else (repeats,)
    for index in range(max(options)):
        inner = where.down("blocks").down(str(index))
        if isinstance(repeats, Choice):
            enough = frozenset(str(option) for option in options if option > index)
            inner = inner.where((repeats.name or where.down("repeats").path, enough))
        yield from decisions_in(stage.each, inner)


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


def row_lists(rows: Any, part: str) -> list[tuple[str, tuple[Any, ...], dict[str, str]]]:
    """Every list of rows that the stem or the stages may be, with its path and the label that takes it."""
    if not isinstance(rows, Choice):
        return [(part, rows, {})]
    named = zip(labels_of(rows), rows.options, strict=True)
    return [(f"{part}.{label}", option, {rows.name or part: label}) for label, option in named]


def _label(option: Any, detailed: bool) -> str:
    if isinstance(option, tuple) and any(isinstance(each, Value) for each in option):
        return "rows"
    if isinstance(option, Stage) and isinstance(option.block, Block):
        return _label(option.block, detailed)
    if not isinstance(option, Value):
        return str(option).lower() if isinstance(option, bool) else str(option)
    own = {each.name: (getattr(option, each.name), each.default) for each in fields(option)}
    told = [
        f"{name}={_label(given, True)}"
        for name, (given, default) in own.items()
        if detailed and given != default and not isinstance(given, (Choice, tuple))
    ]
    return f"{option.kind}({', '.join(told)})" if told else option.kind


def check_choices(value: Any, defaults: Defaults | None, path: str = "") -> None:
    """Raise UserError where options coincide, or an option is itself a choice, or a shared one nests."""
    if isinstance(value, Choice):
        _check_choice(value, defaults, path)
    children: Iterator[tuple[str, Any]] = iter(())
    if isinstance(value, Choice):
        children = (("", option) for option in value.options)
    elif isinstance(value, Value):
        kind = f"{value.kind}." if value.tagged else ""
        children = ((f"{kind}{each.name}", getattr(value, each.name)) for each in fields(value))
    elif isinstance(value, tuple):
        children = ((str(index), each) for index, each in enumerate(value))
    for name, child in children:
        check_choices(child, defaults, ".".join(part for part in (path, name) if part))


def _check_choice(value: Choice, defaults: Defaults | None, path: str) -> None:
    options = [filled(each, defaults) if defaults and isinstance(each, Value) else each for each in value.options]
    field = path.rsplit(".", 1)[-1]
    if defaults is not None and not path.startswith("defaults"):
        options = [getattr(defaults, field, None) if each is None else each for each in options]
    seen: set[Any] = set()
    for index, option in enumerate(options):
        if option in seen:
            raise UserError(f"options must differ, got {value.options[index]!r} twice", path)
        seen.add(option)
        if value.name and next(decisions_in(option), None) is not None:
            raise UserError(f"the shared choice {value.name!r} cannot have choices inside its options", path)


def shared_choices(value: Any) -> dict[str, Choice]:
    """The named choices in ``value``; raises UserError where one name has different options, or stands
    inside branches only."""
    found: dict[str, Choice] = {}
    outside: set[str] = set()
    for each, inside in _choices(value, False):
        if each.name is None:
            continue
        if isinstance(value, Value) and any(each.name == own.name for own in fields(value)):
            raise UserError(f"a shared choice cannot be named {each.name!r}, as a field of the network is")
        if found.setdefault(each.name, each) != each:
            raise UserError(f"the shared choice {each.name!r} must have the same options everywhere")
        outside |= set() if inside else {each.name}
    for name in found:
        if name not in outside:
            raise UserError(f"the shared choice {name!r} must stand at least once outside every branch")
    return found


def _choices(value: Any, inside: bool) -> Iterator[tuple[Choice, bool]]:
    if isinstance(value, Choice):
        yield value, inside
        for option in value.options:
            yield from _choices(option, True)
    elif isinstance(value, Value):
        for each in fields(value):
            yield from _choices(getattr(value, each.name), inside)
    elif isinstance(value, tuple):
        for each in value:
            yield from _choices(each, inside)
