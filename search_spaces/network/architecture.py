"""One network as a plain value: rows of stages between a stem and a head, and its trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from search_spaces.errors import UserError
from search_spaces.network.defaults import Defaults
from search_spaces.network.graph import Graph, Tensor
from search_spaces.network.heads import HEADS, Aux, Head, trace_head
from search_spaces.network.ops import Shape
from search_spaces.network.stage import Stage, trace_stage
from search_spaces.values import Value, a_value, an_integer, ruled, some

MAX_SIZE = 1 << 30  # so that all costs stay numbers
MAX_SIDE = 1 << 16  # pixels of an image; counts over a space of larger ones would take minutes
MAX_ROWS = 1_000  # of a network; the deepest known one has 30


@dataclass(frozen=True)
class Architecture(Value):
    """One network. Shapes, costs, digest and module all follow from this value.

    ``image_size`` is the side of the square input in pixels, ``in_channels`` its channels.
    """

    image_size: int = ruled(an_integer(most=MAX_SIDE), 224)
    classes: int = ruled(an_integer(most=MAX_SIZE), 1000)
    in_channels: int = ruled(an_integer(most=MAX_SIZE), 3)
    stem: Any = ruled(some(a_value(Stage), most=MAX_ROWS), ())
    stages: Any = ruled(some(a_value(Stage), most=MAX_ROWS), ())
    head: Any = ruled(a_value(*HEADS.values()), Head())
    aux: Any = ruled(some(a_value(Aux)), ())
    defaults: Defaults = ruled(a_value(Defaults), Defaults())

    kind = "architecture"
    tagged = False

    def check(self) -> None:
        names = [f"stages.{index}" for index in range(len(self.stages))]
        for index, aux in enumerate(self.aux):
            if isinstance(aux, Aux) and isinstance(aux.after, str) and aux.after not in names:
                raise UserError(f"must name one of {len(names)} stages, got {aux.after}", f"aux.{index}.after")

    def at(self, image_size: int | None = None, classes: int | None = None) -> Architecture:
        """The network on other data; None keeps a value. Raises UserError where the head flattens the map of
        one image size."""
        size = self.image_size if image_size is None else image_size
        if size != self.image_size and self.head.binds_image_size:
            rule = f"a flat head without pool binds the image size {self.image_size} (give it a pool), got {image_size}"
            raise UserError(rule, "image_size")
        return replace(self, image_size=size, classes=self.classes if classes is None else classes)

    def row_name(self, index: int) -> str:
        """``stem.0`` … ``stages.0`` … of the row with that index in order of execution."""
        stem = len(self.stem)
        return f"stem.{index}" if index < stem else f"stages.{index - stem}"

    def placed(self) -> Iterator[tuple[Stage, int]]:
        """Each row, in order, with the number of blocks in the stage before it: 0 for the first, and where no block of
        the row asks for it."""
        before, first = 0, len(self.stem)
        for index, stage in enumerate(self.stem + self.stages):
            yield stage, before if stage.positional and index > first else 0
            before = stage.count

    def rows(self) -> Iterator[tuple[str, Stage, int]]:
        """The same with the row's name before it."""
        for index, (stage, before) in enumerate(self.placed()):
            yield self.row_name(index), stage, before


def trace_network(architecture: Architecture, training: bool = False) -> Graph:
    """The network's graph; ``graph.outputs`` are the logits, then (``training``) those of the auxiliary classifiers.

    Raises UserError with the path of the row where shapes do not fit.
    """
    g = Graph(architecture.defaults)
    x = g.input((architecture.in_channels, architecture.image_size, architecture.image_size))
    taps: dict[str, Tensor] = {}
    for name, stage, previous in architecture.rows():
        with _part(g, name):
            x = taps[name] = trace_stage(g, stage, x, previous)
    with _part(g, "head"):
        outputs = [trace_head(g, architecture.head, x, architecture.classes)]
    for index, aux in enumerate(architecture.aux if training else ()):
        with _part(g, f"aux.{index}"):
            outputs.append(aux.trace(g, taps[aux.after], architecture.classes))
    g.outputs = [output.index for output in outputs]
    return g


@contextmanager
def _part(g: Graph, name: str) -> Iterator[None]:
    """A scope of that name, which errors say once."""
    try:
        with g.scope(name):
            yield
    except UserError as error:
        inner = error.path.removeprefix(name).lstrip(".")
        raise UserError(error.message, inner).under(name) from None


def fragment(shape: Shape, defaults: Defaults) -> tuple[Graph, Tensor]:
    """An empty graph and its input, to trace a part of a network by itself."""
    g = Graph(defaults)
    return g, g.input(shape)
