"""Squeeze-and-excitation (Hu et al. 2018): a part of other blocks, not a block of its own."""

from __future__ import annotations

from search_spaces.network.defaults import SE, NoNorm
from search_spaces.network.graph import Graph, Tensor
from search_spaces.network.rounding import round_filters


def squeeze_excite(
    g: Graph, x: Tensor, ratio: float, *, into: int, out: int, act: str | None = None, se: SE | None = None
) -> Tensor:
    """Gate the channels of ``x`` by what they are on average over the map.

    The squeeze is ``ratio`` times the width that ``se.relative_to`` names: the block's input ``into``, its
    output ``out`` or the width of ``x`` itself; at least 1, rounded down (to ``se.divisor`` where above 1).
    """
    se = se or g.defaults.se
    reference = {"input": into, "output": out, "expanded": x.channels}[se.relative_to]
    width = round_filters(reference * ratio, se.divisor) if se.divisor > 1 else max(1, int(reference * ratio))
    with g.scope("se"):
        h = g.adaptive_pool(x)
        if se.form == "linear":
            h = g.act(g.linear(g.flatten(h), width, name="squeeze"), se.act or act, plain=True)
            h = g.unflatten(g.act(g.linear(h, x.channels, name="excite"), se.gate, name="gate", plain=True))
        else:
            h = g.act(_plain(g, h, width, "squeeze"), se.act or act, plain=True)
            h = g.act(_plain(g, h, x.channels, "excite"), se.gate, name="gate", plain=True)
        return g.mul(x, g.scale(h, se.gain))


def _plain(g: Graph, x: Tensor, out: int, name: str) -> Tensor:
    return g.conv(x, out, 1, padding=0, bias=True, norm=NoNorm(), name=name)
