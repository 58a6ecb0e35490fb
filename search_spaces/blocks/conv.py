"""Plain convolution, pooling and identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from search_spaces.blocks.base import Block
from search_spaces.defaults import a_padding
from search_spaces.errors import UserError
from search_spaces.graph import Graph, Position, Tensor
from search_spaces.ops import ACTS
from search_spaces.values import a_flag, a_pair, an_integer, one_of, ruled


@dataclass(frozen=True)
class Conv(Block):
    """Convolution, norm, activation (VGG: Simonyan & Zisserman 2014; with norm: Ioffe & Szegedy 2015)."""

    kernel: Any = ruled(a_pair(an_integer()), 3)
    groups: int = ruled(an_integer(), 1)
    dilation: int = ruled(an_integer(), 1)
    padding: Any = ruled(a_padding, None, optional=True)
    bias: bool | None = ruled(a_flag, None, optional=True)
    act: str | None = ruled(one_of(*ACTS), None, optional=True)

    kind = "conv"

    @property
    def multiple(self) -> int:
        return self.groups

    @property
    def input_multiple(self) -> int:
        return self.groups

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        h = g.conv(
            x,
            out,
            self.kernel,
            stride=stride,
            groups=self.groups,
            dilation=self.dilation,
            padding=self.padding,
            bias=self.bias,
        )
        return g.act(g.norm(h), self.act)


@dataclass(frozen=True)
class Pool(Block):
    """Max or average pooling; the width stays."""

    mode: str = ruled(one_of("max", "avg"), "max")
    kernel: int = ruled(an_integer(), 3)
    padding: Any = ruled(a_padding, None, optional=True)
    ceil: bool = ruled(a_flag, False)

    kind = "pool"
    repeatable = False

    def width(self, channels: int, out: int | None) -> int:
        return _kept(self.kind, channels, out)

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        return g.pool(x, self.mode, self.kernel, stride=stride, padding=self.padding, ceil=self.ceil)


@dataclass(frozen=True)
class Identity(Block):
    """Nothing where the shape allows it, else a strided 1×1 convolution with norm (Su et al. 2021)."""

    kind = "identity"

    def width(self, channels: int, out: int | None) -> int:
        return channels if out is None else out

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        return x if stride == 1 and x.channels == out else g.conv_norm(x, out, 1, stride=stride)


def _kept(kind: str, channels: int, out: int | None) -> int:
    if out not in (None, channels):
        raise UserError(f"{kind} keeps its width: out must be {channels} or left out, got {out}")
    return channels
