"""Frozen values that normalise and check their own fields, each option of a choice by itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, ClassVar

from search_spaces.choice import Choice
from search_spaces.errors import UserError

Check = Callable[[Any], Any]
"""Returns a value in its normal form or raises UserError: a rule, or any function of one's own."""
MAX_INTEGER = (1 << 63) - 1


@dataclass(frozen=True)
class Value:
    """Base of every value of the language: a frozen dataclass whose fields carry rules.

    Numbers are brought to one form (``6.0`` is ``6``, NumPy scalars are Python's), because equal values
    share memo entries. ``kind`` is the value's name in files and error paths; where the place of a value
    already says what it is (a row, the defaults), it is not ``tagged`` with it.
    """

    kind: ClassVar[str] = ""
    tagged: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__hash__ = Value.__hash__  # type: ignore[method-assign]  # kept by @dataclass: hashes are cached

    def __post_init__(self) -> None:
        is_open = False
        try:
            for f in fields(self):
                value = checked(f.metadata.get("check", _as_it_is), getattr(self, f.name), f.name)
                object.__setattr__(self, f.name, value)
                is_open = is_open or isinstance(value, Choice)
            if not is_open:
                self.check()
        except UserError as error:
            raise error.under(self.kind if self.tagged else "") from None

    @classmethod
    def of_checked(cls, fields: Mapping[str, Any]) -> Value:
        """The value of fields that have been checked one by one, as the parts of an open value are: a third of the
        time."""
        if cls.__post_init__ is not Value.__post_init__:
            return cls(**fields)
        value = object.__new__(cls)
        value.__dict__.update(fields)
        try:
            value.check()
        except UserError as error:
            raise error.under(cls.kind if cls.tagged else "") from None
        return value

    def check(self) -> None:
        """Rules that tie fields together; called once none of the value's own fields is open."""

    @classmethod
    def kinds(cls, blocks: Mapping[str, type[Value]]) -> Mapping[str, type[Value]]:
        """The classes, by kind, that a file may name where a value of this class stands; ``blocks`` are the blocks."""
        return {cls.kind: cls}

    def written(self) -> dict[str, Any]:
        """The fields that a file needs: those that do not hold their default."""
        given = ((name, getattr(self, name), default) for name, default in _defaults(type(self)).items())  # type: ignore[arg-type]
        return {n: value for n, value, default in given if value != default or type(value) is not type(default)}

    def __hash__(self) -> int:
        try:
            return self._hash  # type: ignore[attr-defined, no-any-return]
        except AttributeError:
            object.__setattr__(self, "_hash", hash((type(self), *field_values(self).values())))
            return hash(self)

    def __getstate__(self) -> dict[str, Any]:
        return field_values(self)


def _as_it_is(value: Any) -> Any:
    return value


def checked(check: Check, value: Any, name: str) -> Any:
    """The value, or each option of a choice, as ``check`` returns it; errors say ``name``."""
    try:
        return value.map(check) if isinstance(value, Choice) else check(value)
    except UserError as error:
        raise error.under(name) from None


def field_values(value: Value) -> dict[str, Any]:
    """The fields by name, in order."""
    return {name: getattr(value, name) for name in _defaults(type(value))}  # type: ignore[arg-type]


@cache
def _defaults(kind: type[Value]) -> dict[str, Any]:
    """The fields of a class by name, in order, each with its default; looked up once because it is asked for often."""
    return {f.name: f.default for f in fields(kind)}


def parts(value: Any) -> tuple[Any, ...]:
    """What stands directly in a value: its fields, the items of a tuple, the options of a choice."""
    if isinstance(value, Value):
        return tuple(field_values(value).values())
    if isinstance(value, Choice):
        return value.options
    return value if isinstance(value, tuple) else ()


def is_open(value: Any) -> bool:
    """Whether a choice stands anywhere in the value."""
    return isinstance(value, Choice) or any(map(is_open, parts(value)))


def ruled(rule: Check, default: Any = MISSING, optional: bool = False, examples: tuple[Any, ...] | None = None) -> Any:
    """A dataclass field with a rule; an optional one may be None, which means the network's default.

    ``examples`` are a few values to try the field with, where those of the rule do not suit it.
    """

    def check(value: Any) -> Any:
        return None if optional and value is None else rule(value)

    return field(default=default, metadata={"check": check, "rule": rule, "examples": examples})


def plain(value: Any) -> Any:
    """Python's own form of a number: NumPy scalars unpacked, floats with no fraction made integers."""
    value = value.item() if getattr(value, "shape", None) == () else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True)
class Rule:
    """What one field may hold. ``words`` complete "must be …"; ``examples`` are a few values that fit.

    Called with a value it returns the value in its normal ``form``; raises UserError where that does not fit.
    """

    words: str
    fits: Callable[[Any], bool]
    examples: tuple[Any, ...]
    form: Check = plain

    def __call__(self, value: Any) -> Any:
        value = self.form(value)
        if not self.fits(value):
            several = isinstance(value, (list, tuple, dict))
            hint = " (several to choose from are written {choice: […]})" if several else ""
            limit = " below 2^63" if type(value) is int and value > MAX_INTEGER else ""
            raise UserError(f"must be {self.words}{limit}, got {value!r}{hint}")
        return value

    def __or__(self, other: Rule) -> Rule:
        """What follows either rule, in the normal form of the second."""
        words, examples = f"{self.words}, or {other.words}", self.examples + other.examples
        return Rule(words, lambda value: self.fits(value) or other.fits(value), examples, other.form)


def an_integer(least: int = 1, most: int | None = None, odd: bool = False) -> Rule:
    """An integer within bounds, both inclusive; at most MAX_INTEGER where no bound is named."""
    bound = "" if most is None else f" and at most {most}"
    first, step = (least | 1, 2) if odd else (least, 1)

    def fits(value: Any) -> bool:
        within = type(value) is int and least <= value <= (MAX_INTEGER if most is None else most)
        return within and not (odd and value % 2 == 0)

    examples = tuple(filter(fits, (first, first + step, first + 2 * step)))
    return Rule(f"{'an odd' if odd else 'an'} integer of at least {least}{bound}", fits, examples)


def a_number(above: float | None = None, least: float | None = None, most: float | None = None) -> Rule:
    """A finite number; ``above`` is exclusive, ``least`` and ``most`` are inclusive."""
    bounds = ((above, "above"), (least, "at least"), (most, "at most"))
    words = " and ".join(f"{word} {bound}" for bound, word in bounds if bound is not None)

    def fits(value: Any) -> bool:
        return (
            type(value) in (int, float)
            and abs(value) <= sys.float_info.max
            and (above is None or value > above)
            and (least is None or value >= least)
            and (most is None or value <= most)
        )

    low = next((bound for bound in (least, above) if bound is not None), 0 if most is None else min(0, most))
    examples = tuple(filter(fits, (low, low + 0.25, low + 0.5, low + 1, low + 3.5, most)))
    return Rule(f"a number {words}".rstrip(), fits, tuple(map(plain, examples)))


def one_of(*names: str) -> Rule:
    """One of the given words."""
    return Rule(f"one of {', '.join(names)}", lambda value: isinstance(value, str) and value in names, names)


@dataclass(frozen=True)
class KeyRule:
    """Rule: a name in a table, as the table is now."""

    table: Mapping[str, Any]
    others: tuple[str, ...] = ()

    @property
    def examples(self) -> tuple[str, ...]:
        return (*self.others, *self.table)

    @property
    def words(self) -> str:
        return f"one of {', '.join(self.examples)}"

    def __call__(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.examples:
            raise UserError(f"must be {self.words}, got {value!r}")
        return value


a_flag = Rule("true or false", lambda value: isinstance(value, bool), (False, True))


def a_pair(item: Rule) -> Rule:
    """A number, or a pair of numbers for height and width; an equal pair is the number."""

    def form(value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return item.form(value)
        pair = tuple(map(item.form, value))
        return pair[0] if len(pair) == 2 and pair[0] == pair[1] else pair

    def fits(value: Any) -> bool:
        return all(map(item.fits, value)) and len(value) == 2 if isinstance(value, tuple) else item.fits(value)

    words = f"{item.words}, or a pair (height, width) of them"
    return Rule(words, fits, (*item.examples, item.examples[:2]), form)


@dataclass(frozen=True)
class ListRule:
    """A tuple of values that each follow ``item``: ``count`` of them, or ``least`` at least and ``most`` at most.

    A choice among the items is checked option by option.
    """

    item: Any
    count: int | None = None
    least: int = 0
    most: int | None = None

    @property
    def words(self) -> str:
        count = f" of {self.count}" if self.count else f" of at least {self.least}" if self.least else ""
        return f"a list{count}, each item {self.item.words}"

    @property
    def examples(self) -> tuple[Any, ...]:
        least = self.least if self.count is None else self.count
        items = self.item.examples[-1:]
        return (() if least else ((),)) + ((items * max(least, 1),) if items else ())

    def __call__(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise UserError(f"must be a list, got {value!r}")
        if self.count is not None and len(value) != self.count:
            raise UserError(f"must have {self.count} entries, got {len(value)}")
        if len(value) < self.least:
            raise UserError(f"must have at least {self.least} entries, got {len(value)}")
        if self.most is not None and len(value) > self.most:
            raise UserError(f"must have at most {self.most:,} entries, got {len(value):,}")
        return tuple(checked(self.item, item, str(index)) for index, item in enumerate(value))


some = ListRule
"""``some(item, count, least, most)`` as a field is written with it."""


class ValueRule:
    """A value of one of the given classes."""

    def __init__(self, *classes: type[Value]) -> None:
        self.classes = classes
        *names, last = (kind.__name__ for kind in classes)
        text = f"{', '.join(names)} or {last}" if names else last
        self.words = f"{'an' if text[0] in 'AEIO' else 'a'} {text}"

    @property
    def examples(self) -> tuple[Any, ...]:
        return tuple(kind() for kind in self.classes if kind.kind and kind.tagged)

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, self.classes):
            raise UserError(f"must be {self.words}, got {value!r}")
        return value


a_value = ValueRule
"""``a_value(*classes)`` as a field is written with it."""
