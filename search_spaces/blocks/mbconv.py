"""Mobile inverted bottleneck."""

from __future__ import annotations

from dataclasses import dataclass

from search_spaces.blocks.base import Block
from search_spaces.blocks.squeeze_excite import squeeze_excite
from search_spaces.graph import Graph, Position, Tensor
from search_spaces.ops import ACTS
from search_spaces.values import a_number, an_integer, one_of, ruled


@dataclass(frozen=True)
class MBConv(Block):
    """Mobile inverted bottleneck (Sandler et al. 2018, fig. 4b) with optional SE (Tan & Le 2019).

    ``expand_ratio``: inner width / input width; 1 drops the first convolution. ``se_ratio``: squeeze width /
    the width that the network's SE kind names; 0 is no SE.
    """

    kernel: int = ruled(an_integer(odd=True), 3)
    expand_ratio: float = ruled(a_number(least=1), 6)
    se_ratio: float = ruled(a_number(least=0, most=1), 0.25)
    act: str | None = ruled(one_of(*ACTS), None, optional=True)

    kind = "mbconv"

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        inner = int(x.channels * self.expand_ratio)
        h = x if self.expand_ratio == 1 else g.conv_norm_act(x, inner, 1, act=self.act, name="expand")
        h = g.conv_norm_act(h, inner, self.kernel, stride=stride, groups=inner, act=self.act, name="depthwise")
        if self.se_ratio:
            h = squeeze_excite(g, h, self.se_ratio, into=x.channels, out=out, act=self.act)
        h = g.conv_norm(h, out, 1, name="project")
        return g.add(x, g.drop_path(h)) if stride == 1 and x.channels == out else h
