"""A node of a tree of decisions: the questions that each kind of node answers in its own way.

Vectors of decisions have numbers from 0 on: the first field is the most significant digit, a choice runs through
its options in order. Counts are Python integers of any length.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any

from search_spaces.choice import Choice
from search_spaces.network.defaults import Defaults
from search_spaces.network.stage import Stage
from search_spaces.space.decisions import Decision, Place
from search_spaces.values import parts

Labels = dict[str, str]
"""Labels by the name of their decision."""


class Node:
    """A value at its place. This class is for a leaf, such as a number or a word; the others stand in ``tree``."""

    def __init__(self, value: Any, place: Place) -> None:
        self.value = value
        self.place = place
        self.open = undecided(value)
        self._known_sizes: dict[tuple[str | None, ...], int] = {}

    @property
    def children(self) -> Sequence[Node]:
        """The nodes directly below, in order."""
        return ()

    @cached_property
    def shared_names(self) -> tuple[str, ...]:
        """Names of the shared decisions in the value."""
        return tuple(sorted({name for node in self.children if node.open for name in node.shared_names}))

    def decisions(self) -> Iterator[Decision]:
        """Every decision, parents before children; a shared one once for each place where it stands."""
        for node in self.children:
            if node.open:
                yield from node.decisions()

    def size(self, shared: Labels) -> int:
        """Number of vectors over active decisions, the shared ones being decided."""
        if not self.open:
            return 1
        key = tuple(map(shared.get, self.shared_names))
        if key not in self._known_sizes:
            self._known_sizes[key] = self.count(shared)
        return self._known_sizes[key]

    def count(self, shared: Labels) -> int:
        """As :meth:`size`, not remembered."""
        return prod(node.size(shared) for node in self.children)

    def write(self, number: int, shared: Labels, labels: Labels) -> None:
        """Write the decisions of vector ``number`` (below :meth:`size`) into ``labels``, without the shared ones."""
        write_digits(self.children, number, shared, labels)

    def decide(self, labels: Mapping[str, str]) -> Any:
        """The value with every choice taken as ``labels`` say: equal objects are the same object where it is a row
        or a part of one. Raises UserError for a missing decision or a label that is no option."""
        return self.value

    def every(self, shared: Labels) -> Iterator[tuple[Labels, Any]]:
        """Every way to decide the value, in order, after its labels without the shared ones."""
        for number in range(self.size(shared)):
            labels: Labels = {}
            self.write(number, shared, labels)
            yield labels, self.decide(shared | labels)

    def pairs(self, target: Any, defaults: Defaults) -> list[Pair] | None:
        """What the nodes below must match; None where the target is of another kind."""
        return None

    def match(self, target: Any, defaults: Defaults, labels: Labels, fill: Any = None) -> Node | None:
        """Write into ``labels`` the first decisions, in order, that make the value the decided ``target``.

        Fields left None are compared as ``defaults`` fill them; shared decisions that ``labels`` hold are kept;
        ``fill`` stands for a None among options. Returns the node that differs, None where none does; then the
        labels of inactive decisions mean nothing.
        """
        if not self.open and self.value == target:
            return None
        pairs = self.pairs(target, defaults)
        if pairs is None:
            return self
        differing = (node.match(part, defaults, labels, fill) for node, part, fill in pairs)
        return next((node for node in differing if node is not None), None)

    def match_shared(self, target: Any, defaults: Defaults, labels: Labels, fill: Any = None) -> None:
        """Write the labels of the shared decisions, as they first stand outside every branch."""
        pairs = self.pairs(target, defaults) if self.shared_names else None
        for node, part, filling in pairs or ():
            node.match_shared(part, defaults, labels, filling)


Pair = tuple[Node, Any, Any]
"""A node, the part of a target that it must match, and what fills a None in its place."""


def write_digits(nodes: Sequence[Node], number: int, shared: Labels, labels: Labels) -> None:
    """Write the decisions of several nodes, the last being the least significant digit."""
    for node in reversed(nodes):
        if node.open:
            number, digit = divmod(number, node.size(shared))
            node.write(digit, shared, labels)


def undecided(value: Any) -> bool:
    """Whether a choice stands anywhere in the value, or a stage whose repeats are yet to be listed as blocks."""
    to_list = isinstance(value, Stage) and value.each is not None
    return to_list or isinstance(value, Choice) or any(map(undecided, parts(value)))
