"""From labels to a decided value, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from search_spaces.choice import Choice
from search_spaces.errors import UserError
from search_spaces.network.block import Block
from search_spaces.network.defaults import Defaults
from search_spaces.network.heads import HEADS
from search_spaces.network.stage import Stage
from search_spaces.space.decisions import labels_of
from search_spaces.space.ranking import children
from search_spaces.values import Value

FILLED: tuple[type[Value], ...] = (Block, *HEADS.values())


def decided(value: Any, path: str, labels: Mapping[str, str]) -> Any:
    """``value`` with every choice taken as ``labels`` say by decision name.

    Raises UserError for a missing decision or a label that is no option.
    """
    if isinstance(value, Choice):
        label, option = taken(value, path, labels)
        return decided(option, f"{path}.{label}", labels)
    if isinstance(value, Stage) and value.each is not None:
        return _decided_each(value, path, labels)
    if isinstance(value, Value):
        own = {each.name: getattr(value, each.name) for each in fields(value)}
        new = {name: decided(child, f"{path}.{name}" if path else name, labels) for name, child in own.items()}
        return value if all(new[name] is own[name] for name in own) else type(value)(**new)
    if isinstance(value, tuple):
        items = tuple(decided(each, f"{path}.{index}", labels) for index, each in enumerate(value))
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return value


def taken(value: Choice, path: str, labels: Mapping[str, str]) -> tuple[str, Any]:
    """The option that ``labels`` take, and its label; raises UserError for a missing or unknown one."""
    name = value.name or path
    if name not in labels:
        raise UserError("this decision is missing", name)
    own = labels_of(value)
    if labels[name] not in own:
        raise UserError(f"must be one of {', '.join(own)}, got {labels[name]!r}", name)
    return labels[name], value.options[own.index(labels[name])]


def _decided_each(stage: Stage, path: str, labels: Mapping[str, str]) -> Stage:
    repeats = decided(stage.repeats, f"{path}.repeats", labels)
    blocks = tuple(decided(stage.each, f"{path}.blocks.{index}", labels) for index in range(repeats))
    rest = {name: decided(getattr(stage, name), f"{path}.{name}", labels) for name in ("block", "out", "stride")}
    return Stage(**rest, repeats=repeats, blocks=blocks)


class Mismatch(Exception):
    """The architecture is not what the open value allows; ``path`` is where."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def match_shared(value: Any, target: Any, defaults: Defaults) -> dict[str, str]:
    """Labels of the shared decisions, read off where they stand outside every branch. Raises Mismatch."""
    labels: dict[str, str] = {}
    for path, shared in _outside(value, ()):
        if shared.name and shared.name not in labels:
            own, fill = _at(target, path, defaults)
            _match_choice(shared, fill if own is None else own, ".".join(path), defaults, labels, fill)
    return labels


def _outside(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Choice]]:
    if isinstance(value, Choice):
        yield path, value
    else:
        for name, child in children(value):
            yield from _outside(child, (*path, name))


def _at(target: Any, path: tuple[str, ...], defaults: Defaults) -> tuple[Any, Any]:
    """What stands at a path of the open value in the decided one, and what fills it where that is None; a
    stage's blocks are its sequence."""
    fill = None
    for name in path:
        fill = getattr(defaults, name, None) if isinstance(target, FILLED) else None
        if isinstance(target, Stage):
            own = {"block": target.sequence[0], "each": target.sequence[0], "blocks": target.sequence}
            target = own.get(name, getattr(target, name))
        elif isinstance(target, tuple):
            if not (name.isdigit() and int(name) < len(target)):
                raise Mismatch(".".join(path))
            target = target[int(name)]
        elif hasattr(target, name):
            target = getattr(target, name)
        else:
            raise Mismatch(".".join(path))
    return target, fill


def matched(value: Any, target: Any, path: str, defaults: Defaults, labels: dict[str, str], fill: Any = None) -> None:
    """Write into ``labels`` the first decisions, in order, that make ``value`` the decided ``target``.

    Fields left None are compared as ``defaults`` fill them. Shared decisions are taken from ``labels`` where
    they stand there already; ``fill`` stands for a None among the options. Raises Mismatch.
    """
    if isinstance(value, Choice):
        _match_choice(value, target, path, defaults, labels, fill)
    elif isinstance(value, Stage) and isinstance(target, Stage):
        _match_stage(value, target, path, defaults, labels)
    elif isinstance(value, Value):
        if type(value) is not type(target):
            raise Mismatch(path)
        for each in fields(value):
            own, other = getattr(value, each.name), getattr(target, each.name)
            fill = getattr(defaults, each.name, None) if isinstance(value, FILLED) else None
            own, other = (fill if own is None else own), (fill if other is None else other)
            matched(own, other, f"{path}.{each.name}" if path else each.name, defaults, labels, fill)
    elif isinstance(value, tuple):
        if not isinstance(target, tuple) or len(value) != len(target):
            raise Mismatch(path)
        for index, (own, other) in enumerate(zip(value, target, strict=True)):
            matched(own, other, f"{path}.{index}", defaults, labels)
    elif value != target:
        raise Mismatch(path)


def _match_choice(value: Choice, target: Any, path: str, defaults: Defaults, labels: dict[str, str], fill: Any) -> None:
    name = value.name or path
    for label, option in zip(labels_of(value), value.options, strict=True):
        if labels.get(name, label) != label and value.name:
            continue
        found: dict[str, str] = {**labels, name: label}
        try:
            matched(fill if option is None else option, target, f"{path}.{label}", defaults, found)
        except Mismatch:
            continue
        labels.update(found)
        return
    raise Mismatch(path)


def _match_stage(value: Stage, target: Stage, path: str, defaults: Defaults, labels: dict[str, str]) -> None:
    for name in ("out", "stride"):
        matched(getattr(value, name), getattr(target, name), f"{path}.{name}", defaults, labels)
    if value.blocks is not None:
        matched(value.blocks, target.sequence, f"{path}.blocks", defaults, labels)
        return
    matched(value.repeats, target.count, f"{path}.repeats", defaults, labels)
    if value.each is not None:
        for index, block in enumerate(target.sequence):
            matched(value.each, block, f"{path}.blocks.{index}", defaults, labels)
    elif len(set(target.sequence)) == 1:
        matched(value.block, target.sequence[0], f"{path}.block", defaults, labels)
    else:
        raise Mismatch(f"{path}.blocks")
