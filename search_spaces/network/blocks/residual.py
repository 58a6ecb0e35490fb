"""Residual blocks: basic, bottleneck and pre-activation bottleneck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from search_spaces.errors import UserError
from search_spaces.network.block import Block
from search_spaces.network.blocks.squeeze_excite import squeeze_excite
from search_spaces.network.defaults import an_act
from search_spaces.network.graph import Graph, Position, Tensor
from search_spaces.values import a_number, an_integer, one_of, ruled

Gate = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class BasicBlock(Block):
    """Two 3×3 convolutions beside a shortcut (He et al. 2015, fig. 5 left), with optional SE."""

    se_ratio: float = ruled(a_number(least=0, most=1), 0)
    act: str | None = ruled(an_act, None, optional=True)

    kind = "basic"

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        def branch(x: Tensor, inner_gate: Gate) -> Tensor:
            h = inner_gate(g.conv_norm_act(x, out, 3, stride=stride, act=self.act))
            return g.conv_norm(h, out, 3)

        return _residual(g, x, branch, out, stride, self.se_ratio, self.act)


@dataclass(frozen=True)
class Bottleneck(Block):
    """1×1, 3×3, 1×1 beside a shortcut (He et al. 2015, fig. 5 right), with optional SE and groups.

    The inner width is ``ratio`` × out (ResNet 1/4, wide ResNet 1/2: Zagoruyko & Komodakis 2016; with
    ``groups`` 32 and ratio 1/2, ResNeXt: Xie et al. 2017); ``reduce_ratio`` is that of the first convolution
    where it differs (SENet-154: Hu et al. 2018, sec. 6.1, as is a ``shortcut_kernel`` of 3). ``stride_in``:
    "3x3" is v1.5, as in today's libraries, "1x1" the paper's v1.
    """

    ratio: float = ruled(a_number(above=0), 0.25)
    groups: int = ruled(an_integer(), 1, examples=(1, 2, 4))
    stride_in: str = ruled(one_of("3x3", "1x1"), "3x3")
    se_ratio: float = ruled(a_number(least=0, most=1), 0)
    act: str | None = ruled(an_act, None, optional=True)
    reduce_ratio: float | None = ruled(a_number(above=0), None, optional=True)
    shortcut_kernel: int = ruled(an_integer(odd=True), 1)

    kind = "bottleneck"

    @property
    def multiple(self) -> int:
        return lcm(*(_multiple(self.groups, ratio or self.ratio) for ratio in (self.ratio, self.reduce_ratio)))

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        inner, reduced = _inner(out, self.ratio), _inner(out, self.reduce_ratio or self.ratio)
        early, late = (stride, 1) if self.stride_in == "1x1" else (1, stride)

        def branch(x: Tensor, inner_gate: Gate) -> Tensor:
            h = g.conv_norm_act(x, reduced, 1, stride=early, act=self.act, name="reduce")
            h = inner_gate(g.conv_norm_act(h, inner, 3, stride=late, groups=self.groups, act=self.act))
            return g.conv_norm(h, out, 1, name="expand")

        return _residual(g, x, branch, out, stride, self.se_ratio, self.act, self.shortcut_kernel)


@dataclass(frozen=True)
class PreActBottleneck(Block):
    """Norm and activation before each convolution, and a sum that nothing follows (He et al. 2016, fig. 4e).

    Where the shape changes, the shortcut is a 1×1 convolution of the normalised input. A row of ``norm`` with
    an activation must close the network. ``stride_in`` as in ``Bottleneck``.
    """

    ratio: float = ruled(a_number(above=0), 0.25)
    groups: int = ruled(an_integer(), 1, examples=(1, 2, 4))
    stride_in: str = ruled(one_of("3x3", "1x1"), "3x3")
    act: str | None = ruled(an_act, None, optional=True)

    kind = "preact_bottleneck"

    @property
    def multiple(self) -> int:
        return _multiple(self.groups, self.ratio)

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        inner = _inner(out, self.ratio)
        early, late = (stride, 1) if self.stride_in == "1x1" else (1, stride)
        ready = g.norm_act(x, self.act)
        h = g.conv(ready, inner, 1, stride=early, name="reduce")
        h = g.conv(g.norm_act(h, self.act), inner, 3, stride=late, groups=self.groups)
        h = g.conv(g.norm_act(h, self.act), out, 1, name="expand")
        same = stride == 1 and x.channels == out
        shortcut = x if same else g.conv(ready, out, 1, stride=stride, padding=0, name="shortcut")
        return g.add(shortcut, g.drop_path(h))


def _multiple(groups: int, ratio: float) -> int:
    return (Fraction(groups) / Fraction(ratio)).numerator


def _inner(out: int, ratio: float) -> int:
    inner = int(out * ratio)
    if inner < 1:
        raise UserError(f"ratio × out must be at least 1, got {ratio} × {out}")
    return inner


def _residual(
    g: Graph,
    x: Tensor,
    branch: Callable[[Tensor, Gate], Tensor],
    out: int,
    stride: int,
    se_ratio: float,
    act: str | None,
    shortcut_kernel: int = 1,
) -> Tensor:
    """The branch, the shortcut (a projection where shapes differ), their sum, the activation; SE where the
    network's kind places it."""

    def gate(place: str) -> Gate:
        if not se_ratio or g.defaults.se.place != place:
            return lambda h: h
        return lambda h: squeeze_excite(g, h, se_ratio, into=x.channels, out=out, act=act)

    h = gate("branch")(branch(gate("pre")(x), gate("inner")))
    same = stride == 1 and x.channels == out
    padding = shortcut_kernel // 2
    shortcut = x if same else g.conv_norm(x, out, shortcut_kernel, stride=stride, padding=padding, name="shortcut")
    return gate("post")(g.act(g.add(gate("identity")(shortcut), g.drop_path(h)), act))
