"""Frozen values that normalise and check their own fields, each option of a choice by itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from search_spaces.choice import Choice
from search_spaces.errors import UserError

Rule = Callable[[Any], Any]


class Value:
    """Base of every value of the language: a frozen dataclass whose fields carry rules.

    Numbers are brought to one form (``6.0`` is ``6``, NumPy scalars are Python's), because equal values
    share memo entries. ``kind`` is the value's name in files and paths.
    """

    kind = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__hash__ = Value.__hash__  # type: ignore[method-assign]  # kept by @dataclass: hashes are cached

    def __post_init__(self) -> None:
        for each in fields(self):  # type: ignore[arg-type]
            rule = each.metadata.get("rule", _as_is)
            object.__setattr__(self, each.name, self._normal(each.name, rule))
        if not any(isinstance(getattr(self, each.name), Choice) for each in fields(self)):  # type: ignore[arg-type]
            self._checked()

    def _normal(self, name: str, rule: Rule) -> Any:
        given = getattr(self, name)
        try:
            return given.map(rule) if isinstance(given, Choice) else rule(given)
        except UserError as error:
            raise error.under(f"{self.kind}.{name}" if self.kind else name) from None

    def _checked(self) -> None:
        try:
            self.check()
        except UserError as error:
            raise error.under(self.kind) from None

    def check(self) -> None:
        """Rules that tie fields together; called once none of the value's own fields is open."""

    def __hash__(self) -> int:
        try:
            return self._hash  # type: ignore[attr-defined, no-any-return]
        except AttributeError:
            own = tuple(getattr(self, each.name) for each in fields(self))  # type: ignore[arg-type]
            object.__setattr__(self, "_hash", hash((type(self), own)))
            return hash(self)

    def __getstate__(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]


def _as_is(value: Any) -> Any:
    return value


def ruled(rule: Rule, default: Any = MISSING, optional: bool = False) -> Any:
    """A dataclass field with a rule; an optional one may be None, which means the network's default.

    The rule itself stays in the field's metadata (``of``), so that files are read by the same rules.
    """

    def checked(value: Any) -> Any:
        return None if optional and value is None else rule(value)

    return field(default=default, metadata={"rule": checked, "of": rule})


def plain(value: Any) -> Any:
    """Python's own form of a number: NumPy scalars unpacked, floats with no fraction made integers."""
    value = value.item() if hasattr(value, "item") else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _told(value: Any) -> str:
    """The value in an error, with a hint where several stand in place of one."""
    hint = " (several to choose from are written {choice: […]})" if isinstance(value, (list, tuple, dict)) else ""
    return f"{value!r}{hint}"


def an_integer(least: int = 1, odd: bool = False) -> Rule:
    name = f"{'an odd' if odd else 'an'} integer of at least {least}"

    def rule(value: Any) -> int:
        value = plain(value)
        if type(value) is not int or value < least or (odd and value % 2 == 0):
            raise UserError(f"must be {name}, got {_told(value)}")
        return value

    return rule


def a_number(above: float | None = None, least: float | None = None, most: float | None = None) -> Rule:
    bounds = ((above, "above"), (least, "at least"), (most, "at most"))
    words = " and ".join(f"{word} {bound}" for bound, word in bounds if bound is not None)

    def rule(value: Any) -> float:
        value = plain(value)
        fits = (
            type(value) in (int, float)
            and math.isfinite(value)
            and (above is None or value > above)
            and (least is None or value >= least)
            and (most is None or value <= most)
        )
        if not fits:
            raise UserError(f"must be a number {words}".rstrip() + f", got {_told(value)}")
        return float(value) if isinstance(value, float) else value

    return rule


def one_of(*names: str) -> Rule:
    def rule(value: Any) -> str:
        if not isinstance(value, str) or value not in names:
            raise UserError(f"must be one of {', '.join(names)}, got {_told(value)}")
        return value

    return rule


def a_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UserError(f"must be true or false, got {value!r}")
    return value


def a_pair(item: Rule) -> Rule:
    """A number, or a pair of numbers for height and width; an equal pair is the number."""

    def rule(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            if len(value) != 2:
                raise UserError(f"must be a number or a pair (height, width), got {value!r}")
            height, width = item(value[0]), item(value[1])
            return height if height == width else (height, width)
        return item(value)

    return rule


@dataclass(frozen=True)
class ListRule:
    """A tuple of values that each follow ``item``; a choice among them is checked option by option."""

    item: Rule
    count: int | None = None
    least: int = 0

    def __call__(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise UserError(f"must be a list, got {value!r}")
        if self.count is not None and len(value) != self.count:
            raise UserError(f"must have {self.count} entries, got {len(value)}")
        if len(value) < self.least:
            raise UserError(f"must have at least {self.least} entries, got {len(value)}")
        return tuple(_item(self.item, position, each) for position, each in enumerate(value))


def some(item: Rule, count: int | None = None, least: int = 0) -> Rule:
    """A tuple of values that each follow ``item``: ``count`` of them, or ``least`` at least."""
    return ListRule(item, count, least)


def _item(rule: Rule, position: int, value: Any) -> Any:
    try:
        return value.map(rule) if isinstance(value, Choice) else rule(value)
    except UserError as error:
        raise error.under(str(position)) from None


@dataclass(frozen=True)
class ValueRule:
    """A value of one of the given classes."""

    classes: tuple[type, ...]

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, self.classes):
            names = " or ".join(each.__name__ for each in self.classes)
            raise UserError(f"must be a {names}, got {value!r}")
        return value


def a_value(*classes: type) -> Rule:
    """A value of one of the given classes."""
    return ValueRule(classes)
