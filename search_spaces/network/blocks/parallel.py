"""Branches of rows side by side: every Inception module of v3, v4 and Inception-ResNet, and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import gcd, lcm
from typing import Any

from search_spaces.errors import UserError
from search_spaces.network.block import Block
from search_spaces.network.blocks.conv import Conv, Pool, kept
from search_spaces.network.defaults import NoNorm, an_act
from search_spaces.network.graph import Graph, Position, Tensor
from search_spaces.network.stage import Stage, trace_stage
from search_spaces.values import a_number, a_value, parts, ruled, some

EXAMPLES = (
    ((Stage(Conv(kernel=1), out=4),), (Stage(Conv(kernel=1), out=4), Stage(Conv(), out=8, repeats=2))),
    ((Stage(Pool()),), (Stage(blocks=(Conv(), Conv(kernel=(1, 3))), out=8),)),
)


@dataclass(frozen=True)
class Parallel(Block):
    """Branches, each a list of rows as in a network, on one input; their results are concatenated.

    The stage's stride multiplies that of every branch's last row; its width is the sum of the branches' (Szegedy
    et al. 2015, fig. 4 to 10). A branch that passes the input on is one row of identity.
    """

    branches: Any = ruled(some(some(a_value(Stage), least=1), least=1), examples=EXAMPLES)

    kind = "parallel"

    @property
    def uses_position(self) -> bool:  # type: ignore[override]
        return any(block.uses_position for block in _blocks(self.branches))

    @property
    def repeatable(self) -> bool:  # type: ignore[override]
        """Whether it keeps the map's side: unpadded windows make it a reduction, which depth scaling leaves alone."""
        return not any(getattr(block, "padding", None) == "valid" for block in _blocks(self.branches))

    def width(self, channels: int, out: int | None) -> int:
        total = self._total(channels)
        if out not in (None, total):
            raise UserError(f"out must be the sum of the branches, {total}, or left out, got {out}")
        return total

    def _total(self, channels: int) -> int:
        return sum(_width(rows, channels) for rows in self.branches)

    def widened(self, wider: Callable[[int], int]) -> Block:
        return replace(self, branches=tuple(tuple(_wider(row, wider) for row in rows) for rows in self.branches))

    @property
    def input_multiple(self) -> int:
        return lcm(*(rows[0].sequence[0].input_multiple for rows in self.branches))

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        return self._concat(g, x, stride)

    def _concat(self, g: Graph, x: Tensor, stride: int) -> Tensor:
        ends = []
        for index, (*rows, last) in enumerate(self.branches):
            with g.scope(f"branch{index}"):
                h = x
                for place, row in enumerate((*rows, replace(last, stride=last.stride * stride))):
                    with g.scope(str(place)):
                        h = trace_stage(g, row, h)
            ends.append(h)
        return g.concat(ends)


@dataclass(frozen=True)
class InceptionResNet(Parallel):
    """Branches, a linear 1×1 convolution back to the input's width, times ``scale``, added to the input, and the
    activation (Szegedy et al. 2016, fig. 16 to 20; the scale of the residuals: sec. 3.3)."""

    scale: float = ruled(a_number(above=0), 1)
    act: str | None = ruled(an_act, None, optional=True)

    kind = "inception_resnet"

    def width(self, channels: int, out: int | None) -> int:
        return kept(self.kind, channels, out)

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        if stride != 1:
            raise UserError(f"a residual module keeps the size of its map: the stride must be 1, got {stride}")
        h = g.conv(self._concat(g, x, 1), out, 1, padding=0, bias=True, norm=NoNorm(), name="project")
        return g.act(g.add(x, g.scale(g.drop_path(h), self.scale)), self.act)


def _blocks(value: Any) -> Iterator[Block]:
    """The blocks of rows in which choices may still be open."""
    for part in parts(value):
        if isinstance(part, Block):
            yield part
        else:
            yield from _blocks(part)


def _width(rows: tuple[Stage, ...], channels: int) -> int:
    for row in rows:
        for block in row.sequence:
            channels = block.width(channels, row.out)
    return channels


def _wider(row: Stage, wider: Callable[[int], int]) -> Stage:
    """The row with its width and its blocks' widened; a width stays a multiple of what the blocks ask."""
    blocks = tuple(block.widened(wider) for block in row.sequence)
    wide = replace(row, block=blocks[0]) if row.blocks is None else replace(row, blocks=blocks)
    if row.out is None:
        return wide
    out, multiple = wider(row.out), lcm(*(block.multiple for block in blocks))
    return replace(wide, out=out * multiple // gcd(out, multiple))
