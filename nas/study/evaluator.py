"""Which function of the user's a study was evaluated by: its name, and what it does."""

from __future__ import annotations

import functools
import hashlib
import pickle
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from search_spaces.errors import UserError

NAME = "evaluator_name"


def evaluator_identity(evaluate: Callable[..., Any], name: str | None = None) -> str:
    """``module.function#12 hexadecimal digits`` of the code and all values that it carries when it is first seen; or
    the ``name`` that the user gives instead.

    Any callable will do: a function, a lambda, a method, a partial, an object. Raises UserError for what is none, and
    for one that carries values which have no lasting form (an open file), where no name is given.
    """
    if not callable(evaluate):
        raise UserError(f"must be a function (architecture, seed, report) -> score, got {evaluate!r}", "evaluate")
    if name is not None:
        return name
    try:
        if evaluate not in _seen:
            _seen[evaluate] = _identity(evaluate)
        return _seen[evaluate]
    except TypeError:  # an object that cannot be a key
        return _identity(evaluate)


_seen: WeakKeyDictionary[Any, str] = WeakKeyDictionary()  # counting its calls makes no other function of it


def _identity(evaluate: Any) -> str:
    sha = hashlib.sha256()
    for part in _parts(evaluate, set()):
        sha.update(f"{len(part)} ".encode() + part)
    return f"{_called(evaluate)}#{sha.hexdigest()[:12]}"


def _called(evaluate: Any) -> str:
    function = evaluate.func if isinstance(evaluate, functools.partial) else evaluate
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"


def _parts(value: Any, seen: set[int]) -> Iterator[bytes]:
    """What tells two callables apart: code, defaults, what it closes over, the state of an object."""
    if id(value) in seen:
        return
    seen.add(id(value))
    match value:
        case functools.partial():
            yield from _all((value.func, value.args, value.keywords), seen)
        case MethodType():
            yield from _all((value.__func__, value.__self__), seen)
        case FunctionType():
            closed = [cell.cell_contents for cell in value.__closure__ or ()]
            yield from _all((value.__code__, value.__defaults__, value.__kwdefaults__, closed), seen)
        case CodeType():
            yield value.co_code + repr((value.co_names, value.co_varnames)).encode()
            yield from _all(value.co_consts, seen)
        case ModuleType():
            yield value.__name__.encode()
        case tuple() | list():
            yield from _all(value, seen)
        case dict():
            yield from _all([item for pair in sorted(value.items(), key=repr) for item in pair], seen)
        case _ if callable(value) and not isinstance(value, type):
            yield type(value).__qualname__.encode()
            call = next(vars(kind)["__call__"] for kind in type(value).__mro__ if "__call__" in vars(kind))
            yield from _all((call, getattr(value, "__dict__", {})), seen)
        case _:
            yield _content(value)


def _all(values: Any, seen: set[int]) -> Iterator[bytes]:
    for value in values:
        yield b"next"
        yield from _parts(value, seen)


def _content(value: Any) -> bytes:
    try:
        return pickle.dumps(value)
    except Exception:
        rule = f"it carries a {type(value).__name__}, which nothing tells from another: name it, {NAME}='…'"
        raise UserError(rule, "evaluate") from None
