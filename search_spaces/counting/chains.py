"""A space as chains: layers of decisions, each with the ways through it from every shape that may enter.

The cost of a row depends on its own decisions and on the shape that enters it. What lies outside the rows (open
defaults, whole lists of rows, shared decisions) is enumerated: each combination is a chain of its own. A row whose
repeats decide by themselves is a layer for its width, stride and repeats, then one for each block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

from search_spaces.counting.layers import Layer, Layers, Memo, TooLargeError
from search_spaces.network.architecture import Architecture
from search_spaces.network.heads import Head
from search_spaces.space.node import Labels, Node
from search_spaces.space.space import Space
from search_spaces.space.tree import Fork, compiled

MAX_CHAINS = 1_000


@dataclass(frozen=True)
class Chain:
    """The part of a space that lies under one combination of the decisions outside the layers.

    Every vector of decisions is one path through the layers from state 0 and the other way round.
    """

    labels: Labels
    layers: tuple[Layer, ...]


class _Frame(NamedTuple):
    """Everything outside the layers decided; all its labels, and those of the shared decisions."""

    architecture: Architecture
    labels: Labels
    shared: Labels


def chains(space: Space) -> Iterator[Chain]:
    """The chains that make up the space, in order.

    Raises UserError, with its path, for a combination of decisions that does not fit together, and
    :class:`TooLargeError` where there are over 1,000 chains, 20,000 options of a layer or 2,000,000 ways.
    """
    memo = Memo()
    number = 0
    stems, stages = (_row_lists(space.tree.fields[part]) for part in ("stem", "stages"))
    for (stem_labels, stem), (stages_labels, rows) in product(stems, stages):
        taken = stem_labels | stages_labels
        for frame in _frames(space):
            if any(frame.shared.get(name, label) != label for name, label in taken.items()):
                continue
            number += 1
            if number > MAX_CHAINS:
                raise TooLargeError(f"decisions outside the rows may have {MAX_CHAINS} combinations at most")
            layers = _layers(space, stem, rows, frame, memo)
            yield Chain(frame.labels | taken, layers)


def _row_lists(rows: Node) -> list[tuple[Labels, Node]]:
    """Every list of rows that the stem or the stages may be, after the label that takes it."""
    if not isinstance(rows, Fork):
        return [({}, rows)]
    return [({rows.name: label}, option) for label, option in rows.options.items()]


def _frames(space: Space) -> Iterator[_Frame]:
    rest = compiled(replace(space.architecture, stem=(), stages=(), aux=(), head=Head()))
    for shared in space.shared_assignments():
        for labels, architecture in rest.every(shared):
            yield _Frame(architecture, shared | labels, shared)


def _layers(space: Space, stem: Node, stages: Node, frame: _Frame, memo: Memo) -> tuple[Layer, ...]:
    architecture = frame.architecture
    shape = (architecture.in_channels, architecture.image_size, architecture.image_size)
    layers = Layers(architecture.defaults, frame.shared, memo, [(shape, 0)])
    layers.add_rows(stem, "stem")
    layers.add_rows(stages, "stages")
    layers.add_end(space.tree.fields["head"], space.tree.fields["aux"], architecture.classes)
    return tuple(layers.layers)
