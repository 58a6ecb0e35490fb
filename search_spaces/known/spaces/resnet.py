"""The space around ResNet: depth, width, bottleneck, groups."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from search_spaces.choice import choice
from search_spaces.known.networks.resnet import EXPANSION, WIDTHS
from search_spaces.known.networks.resnet import resnet as network
from search_spaces.network.blocks import BasicBlock, Bottleneck, Stage
from search_spaces.space.space import Space

DEPTHS = ((2, 3, 4), (2, 4, 8), (2, 6, 23, 36), (2, 3, 4))


def resnet() -> Space:
    """Four stages, each of basic blocks or bottlenecks (v1 or v1.5 stride, inner width a quarter or a half, 1 or 32
    groups), at half or full width, and as deep as any of ResNet-18 to -152."""
    return Space("resnet", replace(network(50), stages=tuple(map(_row, range(len(WIDTHS))))))


def _row(index: int) -> Any:
    width, stride = WIDTHS[index], 1 if index == 0 else 2
    bottleneck = Bottleneck(ratio=choice(0.25, 0.5), groups=choice(1, 32), stride_in=choice("3x3", "1x1"))
    return choice(
        *(
            Stage(block, out=choice(width * times // 2, width * times), repeats=choice(*DEPTHS[index]), stride=stride)
            for block, times in ((BasicBlock(), 1), (bottleneck, EXPANSION))
        )
    )
