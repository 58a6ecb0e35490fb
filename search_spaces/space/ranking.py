"""Decision vectors by number: how many an open value has, and the n-th of them.

The first field is the most significant digit; a choice runs through its options in order. Counts are Python
integers of any length.
"""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from math import prod
from typing import Any

from search_spaces.choice import Choice
from search_spaces.network.stage import Stage
from search_spaces.space.decisions import labels_of
from search_spaces.values import Value

Labels = dict[str, str]


def count(value: Any, shared: Labels) -> int:
    """Number of decision vectors of ``value`` over active decisions, shared ones being decided."""
    return _count(value, tuple(shared.items())) if isinstance(value, (Choice, Value, tuple)) else 1


@lru_cache(maxsize=65536)
def _count(value: Any, fixed: tuple[tuple[str, str], ...]) -> int:
    shared = dict(fixed)
    if isinstance(value, Choice):
        return 1 if value.name else sum(count(option, shared) for option in value.options)
    if isinstance(value, Stage) and value.each is not None:
        return _frame(value, shared) * _count_repeats(value, shared)
    return prod(count(child, shared) for _, child in children(value))


def children(value: Any) -> list[tuple[str, Any]]:
    """Names and values directly below a value that is no choice."""
    if isinstance(value, Value):
        return [(each.name, getattr(value, each.name)) for each in fields(value)]
    return [(str(index), each) for index, each in enumerate(value)] if isinstance(value, tuple) else []


def _frame(stage: Stage, shared: Labels) -> int:
    return prod(count(child, shared) for name, child in children(stage) if name not in ("each", "repeats"))


def repeats_of(stage: Stage, shared: Labels) -> list[tuple[str, int]]:
    """Labels and numbers of repeats that are possible under the shared decisions."""
    own = stage.repeats
    if not isinstance(own, Choice):
        return [("", own)]
    pairs = list(zip(labels_of(own), own.options, strict=True))
    return [pair for pair in pairs if not own.name or shared[own.name] == pair[0]]


def _count_repeats(stage: Stage, shared: Labels) -> int:
    each = count(stage.each, shared)
    return sum(each**number for _, number in repeats_of(stage, shared))


def unrank(value: Any, path: str, number: int, shared: Labels, labels: Labels) -> None:
    """Write the decisions of vector ``number`` (from 0, below :func:`count`) into ``labels``."""
    if isinstance(value, Choice):
        if not value.name:
            _unrank_choice(value, path, number, shared, labels)
    elif isinstance(value, Stage) and value.each is not None:
        frame, number = divmod(number, _count_repeats(value, shared))
        below = [child for child in children(value) if child[0] not in ("each", "repeats")]
        _unrank_all(below, path, frame, shared, labels)
        _unrank_repeats(value, path, number, shared, labels)
    else:
        _unrank_all(children(value), path, number, shared, labels)


def _unrank_choice(value: Choice, path: str, number: int, shared: Labels, labels: Labels) -> None:
    for label, option in zip(labels_of(value), value.options, strict=True):
        size = count(option, shared)
        if number < size:
            labels[path] = label
            return unrank(option, f"{path}.{label}", number, shared, labels)
        number -= size
    raise IndexError("number of a decision vector beyond the count")


def _unrank_repeats(stage: Stage, path: str, number: int, shared: Labels, labels: Labels) -> None:
    each = count(stage.each, shared)
    for label, repeats in repeats_of(stage, shared):
        if number < each**repeats:
            if label and not stage.repeats.name:  # type: ignore[attr-defined]
                labels[f"{path}.repeats"] = label
            below = [(f"blocks.{index}", stage.each) for index in range(repeats)]
            return _unrank_all(below, path, number, shared, labels)
        number -= each**repeats
    raise IndexError("number of a decision vector beyond the count")


def _unrank_all(below: list[tuple[str, Any]], path: str, number: int, shared: Labels, labels: Labels) -> None:
    for name, child in reversed(below):
        number, own = divmod(number, count(child, shared))
        unrank(child, f"{path}.{name}" if path else name, own, shared, labels)
