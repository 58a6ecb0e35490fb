"""Normaliser-free residual block."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from search_spaces.errors import UserError
from search_spaces.network.block import Block
from search_spaces.network.blocks.squeeze_excite import squeeze_excite
from search_spaces.network.defaults import WeightStandardization, an_act
from search_spaces.network.graph import Graph, Position, Tensor
from search_spaces.values import a_flag, a_number, an_integer, ruled


@dataclass(frozen=True)
class NFBlock(Block):
    """Normaliser-free bottleneck (Brock et al. 2021, fig. 5): scaled weight standardisation, alpha and beta.

    ``group_size``: channels per group of the 3×3 convolutions. ``alpha``: step of the variance per block;
    beta is one over the expected standard deviation at the block's position. ``skip_init``: the branch
    starts at a learnt gain of 0. The network's norm should be weight standardisation, too.
    """

    ratio: float = ruled(a_number(above=0), 0.5)
    group_size: int = ruled(an_integer(), 128, examples=(2, 4))
    se_ratio: float = ruled(a_number(least=0, most=1), 0.5)
    alpha: float = ruled(a_number(above=0), 0.2)
    skip_init: bool = ruled(a_flag, True)
    act: str | None = ruled(an_act, None, optional=True)

    kind = "nf"
    uses_position = True

    @property
    def multiple(self) -> int:
        return (Fraction(self.group_size) / Fraction(self.ratio)).numerator

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        inner = int(out * self.ratio)
        if inner % self.group_size:
            raise UserError(f"group_size must divide the inner width {inner}, got {self.group_size}")
        groups = inner // self.group_size
        h = g.scale(g.act(x, self.act), self._beta(at))
        shortcut = x if stride == 1 and x.channels == out else self._projected(g, h, out, stride)
        h = self._conv(g, h, inner, 1, name="conv1")
        h = self._conv(g, g.act(h, self.act), inner, 3, stride=stride, groups=groups, name="conv2")
        h = self._conv(g, g.act(h, self.act), inner, 3, groups=groups, name="conv2b")
        h = self._conv(g, g.act(h, self.act), out, 1, name="conv3")
        if self.se_ratio:
            h = squeeze_excite(g, h, self.se_ratio, into=x.channels, out=out, act="relu")
        h = g.drop_path(h)
        h = g.gain(h) if self.skip_init else h
        return g.add(shortcut, g.scale(h, self.alpha))

    def _beta(self, at: Position) -> float:
        """The variance starts at 1, is reset by each stage's first block and grows by alpha² a block."""
        blocks = at.previous if at.first else at.index
        return float((1 + blocks * self.alpha**2) ** -0.5)

    def _projected(self, g: Graph, h: Tensor, out: int, stride: int) -> Tensor:
        if stride > 1:
            h = g.pool(h, "avg", stride, stride=stride, padding=0, ceil=True)
        return self._conv(g, h, out, 1, name="shortcut")

    def _conv(
        self, g: Graph, x: Tensor, out: int, kernel: int, *, stride: int = 1, groups: int = 1, name: str
    ) -> Tensor:
        default = g.defaults.norm
        norm = default if isinstance(default, WeightStandardization) else WeightStandardization()
        return g.conv(x, out, kernel, stride=stride, groups=groups, bias=True, norm=norm, name=name)
