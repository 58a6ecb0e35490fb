"""The question that the lineage leaves open: which block, in which stage, under one budget."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from search_spaces.blocks import Bottleneck, Conv, Inception, Stage
from search_spaces.choice import choice
from search_spaces.networks.efficientnet import ROWS, efficientnet
from search_spaces.space import Space
from search_spaces.spaces.mbconv import numbers, row, widths

NARROWEST = 40  # an Inception module needs this much for four branches of multiples of 8


def mixed() -> Space:
    """B0's stem, head and seven rows; in each a plain convolution, Inception, residual, SE-residual or MBConv block
    (the latter as in the space ``mbconv``), with the widths and repeats of ``mbconv``."""
    return Space("mixed", replace(efficientnet("b0"), stages=tuple(_row(*each) for each in ROWS)))


def _row(kernel: int, stride: int, expand: int, out: int, repeats: int) -> Any:
    wide = widths(out)
    wider = tuple(dict.fromkeys(max(NARROWEST, width) for width in wide))
    others = (
        (Conv(kernel=choice(3, 5)), wide),
        (Inception(large=choice(3, 5)), wider),
        (Bottleneck(ratio=choice(0.25, 0.5)), wide),
        (Bottleneck(ratio=choice(0.25, 0.5), se_ratio=0.25), wide),
    )
    deep = choice(*numbers(repeats))
    rows = (Stage(block, out=choice(*own), repeats=deep, stride=stride) for block, own in others)
    return choice(*rows, row(kernel, stride, expand, out, repeats))
