"""Inception modules: v1 (GoogLeNet) and the 7×7-factorised module of v3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from search_spaces.errors import UserError
from search_spaces.network.block import Block
from search_spaces.network.blocks.squeeze_excite import squeeze_excite
from search_spaces.network.defaults import an_act
from search_spaces.network.graph import Graph, Position, Tensor
from search_spaces.network.rounding import round_filters
from search_spaces.values import a_number, an_integer, ruled, some

PROPORTIONS = (0.15, 0.2, 0.4, 0.05, 0.15)


@dataclass(frozen=True)
class Inception(Block):
    """Inception-v1 (Szegedy et al. 2014, fig. 2b): 1×1 | 1×1, 3×3 | 1×1, 5×5 | max pool, 1×1.

    Widths in the columns of the paper's table 1: 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool projection.
    Either given as ``widths`` (``out`` is then their sum), or as ``proportions`` of ``out`` for the first
    five, each rounded by ``round_filters``; the pool projection takes the rest, which must be positive.
    ``large`` is the kernel of the third branch: 5 in the paper, 3 in torchvision's network. With ``se_ratio``
    the concatenation passes through SE (Hu et al. 2018, fig. 2).
    """

    widths: Any = ruled(some(an_integer(), 6), None, optional=True)
    proportions: Any = ruled(some(a_number(above=0, most=1), 5), PROPORTIONS, examples=(PROPORTIONS,))
    large: int = ruled(an_integer(odd=True), 5)
    act: str | None = ruled(an_act, None, optional=True)
    se_ratio: float = ruled(a_number(least=0, most=1), 0)

    kind = "inception"

    def width(self, channels: int, out: int | None) -> int:
        return _branches_width(self.kind, self.widths and self._outs(self.widths), out)

    def widened(self, wider: Callable[[int], int]) -> Block:
        return replace(self, widths=self.widths and tuple(map(wider, self.widths)))

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        one, reduce3, three, reduce5, five, project = self.widths or self._shared_out(out)
        act = self.act
        a = g.conv_norm_act(x, one, 1, stride=stride, act=act, name="branch1")
        b = g.conv_norm_act(x, reduce3, 1, act=act, name="reduce3")
        b = g.conv_norm_act(b, three, 3, stride=stride, act=act, name="branch3")
        c = g.conv_norm_act(x, reduce5, 1, act=act, name="reduce5")
        c = g.conv_norm_act(c, five, self.large, stride=stride, act=act, name="branch5")
        d = g.pool(x, "max", 3, stride=stride)
        d = g.conv_norm_act(d, project, 1, act=act, name="project")
        h = g.concat((a, b, c, d))
        return squeeze_excite(g, h, self.se_ratio, into=x.channels, out=out, act=act) if self.se_ratio else h

    @staticmethod
    def _outs(widths: tuple[int, ...]) -> int:
        return widths[0] + widths[2] + widths[4] + widths[5]

    def _shared_out(self, out: int) -> tuple[int, ...]:
        widths = self._shared(out)
        if widths[-1] <= 0:
            least = next((wide for wide in range(out, 10 * out) if self._shared(wide)[-1] > 0), None)
            rule = f"out must be {least} or more" if least else "proportions must leave something"
            raise UserError(f"inception leaves no width for its pool's branch: {rule}, got out {out}")
        return widths

    def _shared(self, out: int) -> tuple[int, ...]:
        """Widths by proportions; the last takes the rest."""
        first = tuple(round_filters(share * out) for share in self.proportions)
        return (*first, out - self._outs((*first, 0)))


@dataclass(frozen=True)
class InceptionC(Block):
    """The module of Inception-v3 at 17×17 (Szegedy et al. 2015, fig. 6): 7×7 as 1×7 and 7×1.

    1×1 | 1×1, 1×7, 7×1 | 1×1, 7×1, 1×7, 7×1, 1×7 | average pool, 1×1; each branch ends in a quarter of
    ``out`` (192 of 768), ``inner`` is the width inside the branches.
    """

    inner: int = ruled(an_integer(), 128, examples=(4, 8))
    act: str | None = ruled(an_act, None, optional=True)

    kind = "inception_c"

    @property
    def multiple(self) -> int:
        return 4

    def widened(self, wider: Callable[[int], int]) -> Block:
        return replace(self, inner=wider(self.inner))

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        if out % 4:
            raise UserError(f"out must be a multiple of 4, got {out}")
        branches = (
            self._branch(g, x, (1,), out // 4, stride, "branch1"),
            self._branch(g, x, (1, (1, 7), (7, 1)), out // 4, stride, "branch7"),
            self._branch(g, x, (1, (7, 1), (1, 7), (7, 1), (1, 7)), out // 4, stride, "branch7x2"),
            self._branch(g, g.pool(x, "avg", 3, stride=stride, count_include_pad=True), (1,), out // 4, 1, "project"),
        )
        return g.concat(branches)

    def _branch(self, g: Graph, x: Tensor, kernels: tuple[Any, ...], out: int, stride: int, name: str) -> Tensor:
        with g.scope(name):
            for place, kernel in enumerate(kernels):
                last = place == len(kernels) - 1
                width, step = (out, stride) if last else (self.inner, 1)
                x = g.conv_norm_act(x, width, kernel, stride=step, act=self.act)
        return x


def _branches_width(kind: str, total: int | None, out: int | None) -> int:
    if total is None and out is None:
        raise UserError(f"a stage of {kind} without explicit widths must say out")
    if total is not None and out not in (None, total):
        raise UserError(f"out must be the sum of the branches, {total}, or left out, got {out}")
    return total if out is None else out  # type: ignore[return-value]
