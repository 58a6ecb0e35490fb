"""Plain convolution, pooling, normalisation and identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from search_spaces.errors import UserError
from search_spaces.network.block import Block
from search_spaces.network.defaults import NORMS, a_padding, an_act
from search_spaces.network.graph import Graph, Position, Tensor
from search_spaces.network.ops import POOLS
from search_spaces.values import a_flag, a_pair, a_value, an_integer, one_of, ruled


@dataclass(frozen=True)
class Conv(Block):
    """Convolution, norm, activation (VGG: Simonyan & Zisserman 2014; with norm: Ioffe & Szegedy 2015).

    ``norm`` and ``act`` are the network's where left out; local response normalisation comes last.
    """

    kernel: Any = ruled(a_pair(an_integer()), 3)
    groups: int = ruled(an_integer(), 1, examples=(1, 2, 4))
    dilation: int = ruled(an_integer(), 1)
    padding: Any = ruled(a_padding, None, optional=True)
    bias: bool | None = ruled(a_flag, None, optional=True)
    act: str | None = ruled(an_act, None, optional=True)
    norm: Any = ruled(a_value(*NORMS.values()), None, optional=True)

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
            norm=self.norm,
        )
        return g.norm_act(h, self.act, self.norm)


class Keeping(Block):
    """Base of blocks that keep their width; depth scaling does not repeat them."""

    repeatable = False

    def width(self, channels: int, out: int | None) -> int:
        return kept(self.kind, channels, out)


@dataclass(frozen=True)
class Pool(Keeping):
    """Max or average pooling; the width stays. An average leaves padding out unless ``count_include_pad``."""

    mode: str = ruled(one_of(*POOLS), "max")
    kernel: int = ruled(an_integer(), 3)
    padding: Any = ruled(a_padding, None, optional=True)
    ceil: bool = ruled(a_flag, False)
    count_include_pad: bool = ruled(a_flag, False)

    kind = "pool"

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        return g.pool(
            x,
            self.mode,
            self.kernel,
            stride=stride,
            padding=self.padding,
            ceil=self.ceil,
            count_include_pad=self.count_include_pad,
        )


@dataclass(frozen=True)
class AdaptivePool(Keeping):
    """Average to a map of side ``to``, whatever the input's; the width stays, a stride has nothing to do."""

    to: int = ruled(an_integer(), 1)

    kind = "adaptive_pool"

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        return g.adaptive_pool(x, self.to)


@dataclass(frozen=True)
class Norm(Keeping):
    """Norm and activation by themselves: local response normalisation after a pool (Szegedy et al. 2014,
    fig. 3), or what closes a pre-activation network (He et al. 2016). The width stays."""

    norm: Any = ruled(a_value(*NORMS.values()), None, optional=True)
    act: str = ruled(an_act, "none")

    kind = "norm"

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        if stride != 1:
            raise UserError(f"a norm has no stride: it must be 1, got {stride}")
        return g.norm_act(x, self.act, self.norm)


@dataclass(frozen=True)
class Identity(Block):
    """Nothing where the shape allows it, else a strided 1×1 convolution with norm (Su et al. 2021)."""

    kind = "identity"

    def width(self, channels: int, out: int | None) -> int:
        return channels if out is None else out

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        return x if stride == 1 and x.channels == out else g.conv_norm(x, out, 1, stride=stride)


def kept(kind: str, channels: int, out: int | None) -> int:
    """The width of a block that keeps it; raises UserError where the stage says another."""
    if out not in (None, channels):
        raise UserError(f"{kind} keeps its width: out must be {channels} or left out, got {out}")
    return channels
