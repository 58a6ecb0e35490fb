"""One network as a plain value: rows of stages between a stem and a head, and its trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from search_spaces.blocks.base import Block
from search_spaces.choice import Choice
from search_spaces.defaults import Defaults, filled
from search_spaces.errors import UserError
from search_spaces.graph import Graph, Position, Tensor
from search_spaces.heads import HEADS, Aux, Head
from search_spaces.ops import Shape
from search_spaces.values import Value, a_value, an_integer, ruled, some

MOST_REPEATS = 1000


def _repeats(value: Any) -> int:
    value = an_integer()(value)
    if value > MOST_REPEATS:
        raise UserError(f"must be at most {MOST_REPEATS}, got {value}")
    return int(value)


@dataclass(frozen=True)
class Stage(Value):
    """A row: one block ``repeats`` times at width ``out``; only the first strides.

    ``out`` may be left out where the block knows its width. Instead of one ``block`` for all repeats,
    ``each`` decides every repeat by itself, and ``blocks`` lists them; exactly one of the three is given.
    """

    block: Any = ruled(a_value(Block), None, optional=True)
    out: int | None = ruled(an_integer(), None, optional=True)
    repeats: int = ruled(_repeats, 1)
    stride: int = ruled(an_integer(), 1)
    each: Any = ruled(a_value(Block), None, optional=True)
    blocks: Any = ruled(some(a_value(Block)), None, optional=True)

    kind = "stage"

    def __post_init__(self) -> None:
        if isinstance(self.each, Choice) and type(self.repeats) is int and self.blocks is None:
            object.__setattr__(self, "blocks", (self.each,) * self.repeats)
            object.__setattr__(self, "each", None)
        if self.blocks is not None and self.repeats == 1 and isinstance(self.blocks, (list, tuple)):
            object.__setattr__(self, "repeats", len(self.blocks))
        super().__post_init__()
        given = [name for name in ("block", "each", "blocks") if getattr(self, name) is not None]
        if len(given) != 1:
            raise UserError(f"needs one of block, each, blocks; got {' and '.join(given) or 'none'}", "stage")
        if self.blocks is not None and self.repeats != len(self.blocks):
            rule = f"must be the number of blocks, {len(self.blocks)}, or left out, got {self.repeats}"
            raise UserError(rule, "stage.repeats")

    @property
    def sequence(self) -> tuple[Block, ...]:
        """The blocks in order, once decided."""
        if self.blocks is not None:
            return cast("tuple[Block, ...]", self.blocks)
        return (self.block or self.each,) * self.repeats

    @cached_property
    def count(self) -> int:
        """Number of blocks, once decided."""
        return len(self.sequence)

    @cached_property
    def positional(self) -> bool:
        """Whether any block looks at its position, once decided."""
        return any(block.uses_position for block in self.sequence)


@dataclass(frozen=True)
class Architecture(Value):
    """One network. Shapes, costs, digest and module all follow from this value.

    ``image_size`` is the side of the square input in pixels, ``in_channels`` its channels.
    """

    image_size: int = ruled(an_integer(), 224)
    classes: int = ruled(an_integer(), 1000)
    in_channels: int = ruled(an_integer(), 3)
    stem: Any = ruled(some(a_value(Stage)), ())
    stages: Any = ruled(some(a_value(Stage)), ())
    head: Any = ruled(a_value(*HEADS.values()), Head())
    aux: Any = ruled(some(a_value(Aux)), ())
    defaults: Defaults = ruled(a_value(Defaults), Defaults())

    kind = "architecture"

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

    def rows(self) -> Iterator[tuple[str, Stage, int]]:
        """Name, stage and number of blocks in the stage before it (0 for the first), in order."""
        for index, stage in enumerate(self.stem + self.stages):
            before = self.stages[index - len(self.stem) - 1].count if index > len(self.stem) else 0
            yield self.row_name(index), stage, before


def trace_stage(g: Graph, stage: Stage, x: Tensor, previous: int = 0) -> Tensor:
    """Append the stage's blocks to ``g``; ``x`` and the result have shape (channels, height, width)."""
    blocks = stage.sequence
    for index, block in enumerate(blocks):
        with g.scope(str(index)):
            at = Position(index, len(blocks), previous)
            x = trace_block(g, block, x, stage.out, stage.stride if index == 0 else 1, at)
    return x


def trace_block(g: Graph, block: Block, x: Tensor, out: int | None, stride: int, at: Position) -> Tensor:
    """Append one block, its open fields filled from the graph's defaults."""
    block = cast(Block, filled(block, g.defaults))
    width = block.width(x.channels, out)
    y = block.trace(g, g.enter(x), width, stride, at)
    if not isinstance(y, Tensor):
        raise UserError(f"the trace of {block.kind} must return a tensor, got {y!r}")
    if y.channels != width:
        raise UserError(f"{block.kind} must end in {width} channels, got {y.channels}")
    return y


def trace_head(g: Graph, head: Any, x: Tensor, classes: int) -> Tensor:
    """Append the head; the result has shape (classes,)."""
    return cast(Tensor, cast(Any, filled(head, g.defaults)).trace(g, g.enter(x), classes))


def trace_network(architecture: Architecture, training: bool = False) -> Graph:
    """The network's graph; ``graph.outputs`` are the logits, then (``training``) those of each aux.

    Raises UserError with the path of the row where shapes do not fit.
    """
    g = Graph(architecture.defaults)
    x = g.input((architecture.in_channels, architecture.image_size, architecture.image_size))
    taps: dict[str, Tensor] = {}
    for name, stage, previous in architecture.rows():
        x = taps[name] = _under(name, lambda: trace_stage(g, stage, x, previous), g)  # noqa: B023
    outputs = [_under("head", lambda: trace_head(g, architecture.head, x, architecture.classes), g)]
    for index, aux in enumerate(architecture.aux if training else ()):
        tap = taps[aux.after]
        outputs.append(_under(f"aux.{index}", lambda: aux.trace(g, tap, architecture.classes), g))  # noqa: B023
    g.outputs = [each.index for each in outputs]
    return g


def _under(name: str, trace: Any, g: Graph) -> Tensor:
    try:
        with g.scope(name):
            return cast(Tensor, trace())
    except UserError as error:
        inner = error.path.removeprefix(name).lstrip(".")
        raise UserError(error.message, inner).under(name) from None


def fragment(shape: Shape, defaults: Defaults) -> tuple[Graph, Tensor]:
    """An empty graph and what enters it, to trace a part of a network by itself."""
    g = Graph(defaults)
    return g, g.input(shape)
