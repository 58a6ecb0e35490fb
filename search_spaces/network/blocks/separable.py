"""Depthwise-separable convolution."""

from __future__ import annotations

from dataclasses import dataclass

from search_spaces.network.block import Block
from search_spaces.network.defaults import an_act
from search_spaces.network.graph import Graph, Position, Tensor
from search_spaces.values import an_integer, ruled


@dataclass(frozen=True)
class Separable(Block):
    """Depthwise convolution, then 1×1, each with norm and activation (Howard et al. 2017, fig. 3)."""

    kernel: int = ruled(an_integer(odd=True), 3)
    act: str | None = ruled(an_act, None, optional=True)

    kind = "separable"

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        width = x.channels
        h = g.conv_norm_act(x, width, self.kernel, stride=stride, groups=width, act=self.act, name="depthwise")
        return g.conv_norm_act(h, out, 1, act=self.act, name="pointwise")
