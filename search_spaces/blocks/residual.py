"""Residual blocks: basic and bottleneck."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from search_spaces.blocks.base import Block
from search_spaces.blocks.squeeze_excite import squeeze_excite
from search_spaces.errors import UserError
from search_spaces.graph import Graph, Position, Tensor
from search_spaces.ops import ACTS
from search_spaces.values import a_number, an_integer, one_of, ruled


@dataclass(frozen=True)
class BasicBlock(Block):
    """Two 3×3 convolutions beside a shortcut (He et al. 2015, fig. 5 left), with optional SE."""

    se_ratio: float = ruled(a_number(least=0, most=1), 0)
    act: str | None = ruled(one_of(*ACTS), None, optional=True)

    kind = "basic"

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        h = g.conv_norm_act(x, out, 3, stride=stride, act=self.act)
        h = g.conv_norm(h, out, 3)
        return _joined(g, x, h, stride, self.se_ratio, self.act)


@dataclass(frozen=True)
class Bottleneck(Block):
    """1×1, 3×3, 1×1 beside a shortcut (He et al. 2015, fig. 5 right), with optional SE and groups.

    The inner width is ``ratio`` × out (ResNet 1/4; with ``groups`` 32 and ratio 1/2, ResNeXt: Xie et al.
    2017). ``stride_in``: "3x3" is v1.5, as in today's libraries, "1x1" the paper's v1.
    """

    ratio: float = ruled(a_number(above=0), 0.25)
    groups: int = ruled(an_integer(), 1)
    stride_in: str = ruled(one_of("3x3", "1x1"), "3x3")
    se_ratio: float = ruled(a_number(least=0, most=1), 0)
    act: str | None = ruled(one_of(*ACTS), None, optional=True)

    kind = "bottleneck"

    @property
    def multiple(self) -> int:
        return (Fraction(self.groups) / Fraction(self.ratio)).numerator

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        inner = int(out * self.ratio)
        if inner < 1:
            raise UserError(f"ratio × out must be at least 1, got {self.ratio} × {out}")
        early, late = (stride, 1) if self.stride_in == "1x1" else (1, stride)
        h = g.conv_norm_act(x, inner, 1, stride=early, act=self.act, name="reduce")
        h = g.conv_norm_act(h, inner, 3, stride=late, groups=self.groups, act=self.act)
        h = g.conv_norm(h, out, 1, name="expand")
        return _joined(g, x, h, stride, self.se_ratio, self.act)


def _joined(g: Graph, x: Tensor, h: Tensor, stride: int, se_ratio: float, act: str | None) -> Tensor:
    """SE on the branch, the shortcut (a projection where shapes differ), their sum, the activation."""
    out = h.channels
    if se_ratio:
        h = squeeze_excite(g, h, se_ratio, into=x.channels, out=out, act=act)
    same = stride == 1 and x.channels == out
    shortcut = x if same else g.conv_norm(x, out, 1, stride=stride, padding=0, name="shortcut")
    return g.act(g.add(shortcut, g.drop_path(h)), act)
