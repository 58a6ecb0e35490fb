"""Mobile inverted bottleneck, and its fused form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from search_spaces.network.block import Block
from search_spaces.network.blocks.squeeze_excite import squeeze_excite
from search_spaces.network.defaults import an_act
from search_spaces.network.graph import Graph, Position, Tensor
from search_spaces.values import a_number, an_integer, ruled


@dataclass(frozen=True)
class MBConv(Block):
    """Mobile inverted bottleneck (Sandler et al. 2018, fig. 4b) with optional SE (Tan & Le 2019).

    ``expand_ratio``: inner width / input width; 1 drops the first convolution. ``inner``: the inner width
    itself, in place of the ratio (Howard et al. 2019, table 1). ``se_ratio``: squeeze width / the width that
    the network's SE kind names; 0 is no SE. SE comes after the depthwise convolution.
    """

    kernel: int = ruled(an_integer(odd=True), 3)
    expand_ratio: float = ruled(a_number(least=1), 6)
    se_ratio: float = ruled(a_number(least=0, most=1), 0.25)
    act: str | None = ruled(an_act, None, optional=True)
    inner: int | None = ruled(an_integer(), None, optional=True)

    kind = "mbconv"

    def widened(self, wider: Callable[[int], int]) -> Block:
        return replace(self, inner=self.inner and wider(self.inner))

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        inner = self.inner or int(x.channels * self.expand_ratio)
        expands = self.expand_ratio != 1 if self.inner is None else self.inner != x.channels
        h = g.conv_norm_act(x, inner, 1, act=self.act, name="expand") if expands else x
        h = g.conv_norm_act(h, inner, self.kernel, stride=stride, groups=inner, act=self.act, name="depthwise")
        if self.se_ratio:
            h = squeeze_excite(g, h, self.se_ratio, into=x.channels, out=out, act=self.act)
        h = g.conv_norm(h, out, 1, name="project")
        return g.add(x, g.drop_path(h)) if stride == 1 and x.channels == out else h


@dataclass(frozen=True)
class FusedMBConv(Block):
    """MBConv with its first two convolutions fused into a plain one (Tan & Le 2021, fig. 2).

    With an ``expand_ratio`` of 1 a single convolution with activation is left. SE, if any, follows the first
    convolution.
    """

    kernel: int = ruled(an_integer(odd=True), 3)
    expand_ratio: float = ruled(a_number(least=1), 4)
    se_ratio: float = ruled(a_number(least=0, most=1), 0)
    act: str | None = ruled(an_act, None, optional=True)

    kind = "fused_mbconv"

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        expands = self.expand_ratio != 1
        inner = int(x.channels * self.expand_ratio) if expands else out
        h = g.conv_norm_act(x, inner, self.kernel, stride=stride, act=self.act, name="expand")
        if self.se_ratio:
            h = squeeze_excite(g, h, self.se_ratio, into=x.channels, out=out, act=self.act)
        h = g.conv_norm(h, out, 1, name="project") if expands else h
        return g.add(x, g.drop_path(h)) if stride == 1 and x.channels == out else h
