"""An open architecture, compiled once into a tree of nodes; each question about its decisions is a method of a node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import prod
from typing import Any

from search_spaces.choice import Choice
from search_spaces.errors import UserError
from search_spaces.network.block import Block
from search_spaces.network.defaults import Defaults
from search_spaces.network.heads import HEADS
from search_spaces.network.stage import Stage
from search_spaces.space.decisions import Decision, Place, labels_of
from search_spaces.space.node import Labels, Node, Pair, write_digits
from search_spaces.values import Value, field_values

FILLED: tuple[type[Value], ...] = (Block, *HEADS.values())
"""Values whose fields left None are filled by the network's defaults."""

TOP = Place()

MAX_REMEMBERED = 10_000
"""Decided values that one node keeps."""


class Items(Node):
    """A list."""

    @cached_property
    def children(self) -> Sequence[Node]:
        return [compiled(item, self.place.field(str(index))) for index, item in enumerate(self.value)]

    def decide(self, labels: Mapping[str, str]) -> Any:
        return tuple(node.decide(labels) for node in self.children) if self.open else self.value

    def pairs(self, target: Any, defaults: Defaults) -> list[Pair] | None:
        if not isinstance(target, tuple) or len(target) != len(self.value):
            return None
        return [(node, item, None) for node, item in zip(self.children, target, strict=True)]


class Fields(Node):
    """A value of the language."""

    def __init__(self, value: Any, place: Place) -> None:
        super().__init__(value, place)
        self._decided: dict[tuple[str | None, ...], Any] = {}

    @cached_property
    def fields(self) -> dict[str, Node]:
        """The nodes below by the names of their fields."""
        return {name: compiled(value, self.place.field(name)) for name, value in field_values(self.value).items()}

    @cached_property
    def children(self) -> Sequence[Node]:
        return list(self.fields.values())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all decisions in the value."""
        return tuple(dict.fromkeys(decision.name for decision in self.decisions()))

    def decide(self, labels: Mapping[str, str]) -> Any:
        if not self.open:
            return self.value
        key = tuple(map(labels.get, self.names))
        if key not in self._decided:
            if len(self._decided) >= MAX_REMEMBERED:
                self._decided.clear()
            self._decided[key] = self.build(labels)
        return self._decided[key]

    def build(self, labels: Mapping[str, str]) -> Any:
        """As :meth:`decide`, a new object."""
        return type(self.value).of_checked({name: node.decide(labels) for name, node in self.fields.items()})

    def pairs(self, target: Any, defaults: Defaults) -> list[Pair] | None:
        if type(self.value) is not type(target):
            return None
        pairs = []
        for name, node in self.fields.items():
            part = getattr(target, name)
            if node.value is part:
                continue
            fill = getattr(defaults, name, None) if isinstance(target, FILLED) else None
            filled = compiled(fill, node.place) if node.value is None else node
            pairs.append((filled, fill if part is None else part, fill))
        return pairs


class Fork(Node):
    """A choice; ``options`` are the nodes of its branches by label."""

    def __init__(self, value: Choice, place: Place) -> None:
        super().__init__(value, place)
        self.name = value.name or place.path

    @cached_property
    def options(self) -> dict[str, Node]:
        pairs = zip(labels_of(self.value), self.value.options, strict=True)
        return {label: compiled(option, self.place.option(self.name, label)) for label, option in pairs}

    @cached_property
    def children(self) -> Sequence[Node]:
        return list(self.options.values())

    @cached_property
    def shared_names(self) -> tuple[str, ...]:
        return (self.name,) if self.value.name else super().shared_names

    def decisions(self) -> Iterator[Decision]:
        place = self.place
        yield Decision(self.name, tuple(self.options), place.conditions, place.parent, place.branch)
        yield from super().decisions()

    def count(self, shared: Labels) -> int:
        return 1 if self.value.name else sum(node.size(shared) for node in self.children)

    def write(self, number: int, shared: Labels, labels: Labels) -> None:
        if self.value.name:
            return None
        for label, node in self.options.items():
            if number < node.size(shared):
                labels[self.name] = label
                return node.write(number, shared, labels)
            number -= node.size(shared)
        raise IndexError("number of a vector beyond the size")

    def decide(self, labels: Mapping[str, str]) -> Any:
        if self.name not in labels:
            raise UserError("this decision is missing", self.name)
        if labels[self.name] not in self.options:
            raise UserError(f"must be one of {', '.join(self.options)}, got {labels[self.name]!r}", self.name)
        return self.options[labels[self.name]].decide(labels)

    def match(self, target: Any, defaults: Defaults, labels: Labels, fill: Any = None) -> Node | None:
        kept = labels.get(self.name) if self.value.name else None
        for label, node in self.options.items():
            if kept not in (None, label):
                continue
            option = compiled(fill, node.place) if node.value is None else node
            if option.match(target, defaults, labels) is None:
                labels[self.name] = label
                return None
        return self

    def match_shared(self, target: Any, defaults: Defaults, labels: Labels, fill: Any = None) -> None:
        if self.value.name and self.name not in labels:
            self.match(target, defaults, labels, fill)


class Row(Fields):
    """A stage: its blocks match however the target spells them."""

    def pairs(self, target: Any, defaults: Defaults) -> list[Pair] | None:
        if not isinstance(target, Stage):
            return None
        frame = [(self.fields[name], getattr(target, name), None) for name in ("out", "stride")]
        return [*frame, *((node, part, None) for node, part in self.block_pairs(target))]

    def block_pairs(self, target: Stage) -> list[tuple[Node, Any]]:
        """What must match the target's blocks and their number."""
        block, repeats, blocks = (self.fields[name] for name in ("block", "repeats", "blocks"))
        if blocks.value is not None:
            return [(blocks, target.sequence)]
        alike = len(set(target.sequence)) == 1
        return [(repeats, target.count), (block, target.sequence[0]) if alike else (blocks, target.sequence)]


class EachRow(Row):
    """A stage whose every repeat decides by itself; a later one is active where there are so many."""

    @cached_property
    def fields(self) -> dict[str, Node]:
        return {name: node for name, node in super().fields.items() if name != "each"}

    @cached_property
    def frame(self) -> Sequence[Node]:
        """All but the blocks and their number."""
        return [node for name, node in self.fields.items() if name != "repeats"]

    @cached_property
    def repeats(self) -> dict[str, int]:
        """The numbers of repeats by label; an empty label where it is not open."""
        node = self.fields["repeats"]
        return {label: n.value for label, n in node.options.items()} if isinstance(node, Fork) else {"": node.value}

    @cached_property
    def blocks(self) -> list[Node]:
        """A node for every repeat that there may be."""
        return [compiled(self.value.each, self._block_place(index)) for index in range(max(self.repeats.values()))]

    def _block_place(self, index: int) -> Place:
        place = self.place.field("blocks").field(str(index))
        node = self.fields["repeats"]
        if not isinstance(node, Fork):
            return place
        enough = frozenset(label for label, repeats in self.repeats.items() if repeats > index)
        return replace(place, conditions=(*place.conditions, (node.name, enough)))

    @cached_property
    def children(self) -> Sequence[Node]:
        return [*self.fields.values(), *self.blocks]

    def _sizes(self, shared: Labels) -> dict[str, int]:
        """Number of ways to decide the blocks, by the label of repeats, where shared decisions allow it."""
        taken = shared.get(self.value.repeats.name or "") if isinstance(self.value.repeats, Choice) else None
        size = self.blocks[0].size(shared)
        return {label: size**repeats for label, repeats in self.repeats.items() if taken in (None, label)}

    def count(self, shared: Labels) -> int:
        return prod(node.size(shared) for node in self.frame) * sum(self._sizes(shared).values())

    def write(self, number: int, shared: Labels, labels: Labels) -> None:
        sizes = self._sizes(shared)
        frame, number = divmod(number, sum(sizes.values()))
        write_digits(self.frame, frame, shared, labels)
        node = self.fields["repeats"]
        for label, size in sizes.items():
            if number < size:
                if isinstance(node, Fork) and not node.value.name:
                    labels[node.name] = label
                return write_digits(self.blocks[: self.repeats[label]], number, shared, labels)
            number -= size

    def build(self, labels: Mapping[str, str]) -> Stage:
        fields = {name: node.decide(labels) for name, node in self.fields.items()}
        return Stage(**fields | {"blocks": tuple(node.decide(labels) for node in self.blocks[: fields["repeats"]])})

    def block_pairs(self, target: Stage) -> list[tuple[Node, Any]]:
        return [(self.fields["repeats"], target.count), *zip(self.blocks, target.sequence, strict=False)]


def compiled(value: Any, place: Place = TOP) -> Node:
    """The tree of a value; branches are compiled when they are first asked."""
    if isinstance(value, Choice):
        return Fork(value, place)
    if isinstance(value, Stage):
        return (Row if value.each is None else EachRow)(value, place)
    if isinstance(value, Value):
        return Fields(value, place)
    return (Items if isinstance(value, tuple) else Node)(value, place)
