"""Options: fields that say their name, default, rule and help once, for Python, the command line and files alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, field, fields
from typing import Any

from search_spaces.errors import UserError, did_you_mean
from search_spaces.values import Value

Rule = Callable[[Any], Any]


def option(
    rule: Rule,
    default: Any,
    help: str,
    metavar: str | None = None,
    *,
    group: str | None,
    read: Callable[[str], Any] | None = None,
    compare: bool = True,
    const: Any = None,
) -> Any:
    """A dataclass field that is an option.

    ``rule`` returns the value in its normal form or raises UserError; None is allowed where it is the default.
    ``read`` makes the value of a word on the command line, ``metavar`` stands for it in the help, ``group`` is the
    heading there; an option without one is there from Python only. ``const`` is the value where no word follows.
    Options that do not ``compare`` are no part of what must be equal for a study to go on.
    """

    def check(value: Any) -> Any:
        return None if value is None and default is None else rule(value)

    about = {"check": check, "rule": rule, "help": help, "metavar": metavar, "group": group, "read": read}
    about["const"] = const
    return field(default=default, compare=compare, metadata=about)


def options_of(kind: type[Value]) -> tuple[Field[Any], ...]:
    """The options of a class, in order."""
    return tuple(f for f in fields(kind) if "help" in f.metadata)


def default_text(f: Field[Any]) -> str:
    """The default in words, or nothing where there is none to speak of."""
    return "" if f.default is None or f.default is MISSING or f.default == () else str(f.default)


def from_options(kind: type[Any], values: dict[str, Any], known: Iterable[str] = ()) -> Any:
    """``kind(**values)``. Raises UserError, with the nearest name, for a name that is no option (``known`` are further
    ones that the caller takes)."""
    names = [f.name for f in options_of(kind)]
    for name in values:
        if name not in names:
            raise UserError(f"unknown option {name!r}{did_you_mean(name, (*names, *known))}")
    return kind(**values)


def a_text(value: Any) -> str:
    """Rule: text of at least one character."""
    if not isinstance(value, str) or not value:
        raise UserError(f"must be text, got {value!r}")
    return value


def anything(value: Any) -> Any:
    """Rule: what this may be is checked where it is read."""
    return value
