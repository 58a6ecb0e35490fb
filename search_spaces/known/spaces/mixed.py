"""The question that the lineage leaves open: which block, in which stage, under one budget."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from search_spaces.choice import choice
from search_spaces.known.networks.efficientnet import ROWS, efficientnet
from search_spaces.known.spaces.mbconv import numbers, widths
from search_spaces.network.blocks import Bottleneck, Conv, Inception, MBConv, Stage
from search_spaces.space.space import Space

NARROWEST = 40  # an Inception module needs this much for four branches of multiples of 8


def mixed() -> Space:
    """B0's stem, head and seven rows; in each a plain convolution (3×3 or 5×5), Inception (3×3 or 5×5 in the third
    branch), residual or SE-residual bottleneck (a quarter or half as wide inside) or MBConv (3×3 or 5×5, B0's expand
    ratio and SE), with the widths and repeats of ``mbconv``. Every block has as many vectors as any other."""
    return Space("mixed", replace(efficientnet("b0"), stages=tuple(_row(*row) for row in ROWS)))


def _row(kernel: int, stride: int, expand: int, out: int, repeats: int) -> Any:
    wide, deep = widths(out), choice(*numbers(repeats))
    wider = tuple(max(NARROWEST + 8 * index, width) for index, width in enumerate(wide))
    blocks = (
        (Conv(kernel=choice(3, 5)), wide),
        (Inception(large=choice(3, 5)), wider),
        (Bottleneck(ratio=choice(0.25, 0.5)), wide),
        (Bottleneck(ratio=choice(0.25, 0.5), se_ratio=0.25), wide),
        (MBConv(kernel=choice(3, 5), expand_ratio=expand), wide),
    )
    return choice(*(Stage(block, out=choice(*outs), repeats=deep, stride=stride) for block, outs in blocks))
