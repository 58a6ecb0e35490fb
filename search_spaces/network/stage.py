"""A row of a network: blocks of one width, and their trace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from search_spaces.choice import Choice
from search_spaces.errors import UserError
from search_spaces.network.block import Block
from search_spaces.network.defaults import filled
from search_spaces.network.graph import Graph, Position, Tensor
from search_spaces.values import Value, a_value, an_integer, ruled, some

MAX_REPEATS = 1000


@dataclass(frozen=True)
class Stage(Value):
    """A row: one block ``repeats`` times at width ``out``; only the first strides.

    ``out`` may be left out where the block knows its width. Instead of one ``block`` for all repeats, ``each``
    is decided for every repeat by itself, and ``blocks`` lists them; exactly one of the three is given.
    """

    block: Any = ruled(a_value(Block), None, optional=True)
    out: int | None = ruled(an_integer(), None, optional=True)
    repeats: int = ruled(an_integer(most=MAX_REPEATS), 1)
    stride: int = ruled(an_integer(), 1)
    each: Any = ruled(a_value(Block), None, optional=True)
    blocks: Any = ruled(some(a_value(Block)), None, optional=True)

    kind = "stage"
    tagged = False

    def __post_init__(self) -> None:
        if isinstance(self.blocks, Choice):
            raise UserError("must be a list; its items may be choices", "blocks")
        if isinstance(self.blocks, (list, tuple)) and self.repeats == 1:
            object.__setattr__(self, "repeats", len(self.blocks))
        super().__post_init__()
        given = [name for name in ("block", "each", "blocks") if getattr(self, name) is not None]
        if len(given) != 1:
            raise UserError(f"needs one of block, each, blocks; got {' and '.join(given) or 'none'}")
        if isinstance(self.each, Choice) and isinstance(self.repeats, int):
            object.__setattr__(self, "blocks", (self.each,) * self.repeats)
            object.__setattr__(self, "each", None)
        if self.blocks is not None and self.repeats != len(self.blocks):
            rule = f"must be the number of blocks, {len(self.blocks)}, or left out, got {self.repeats}"
            raise UserError(rule, "repeats")

    def written(self) -> dict[str, Any]:
        """Without ``repeats`` where the blocks are listed: their number says it."""
        given = super().written()
        return {name: given[name] for name in given if name != "repeats" or not isinstance(self.blocks, tuple)}

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
    block = filled(block, g.defaults)
    width = block.width(x.channels, out)
    y = block.trace(g, g.enter(x), width, stride, at)
    if not isinstance(y, Tensor):
        raise UserError(f"the trace of {block.kind} must return a tensor, got {y!r}")
    if y.channels != width:
        raise UserError(f"{block.kind} must end in {width} channels, got {y.channels}")
    return y
