"""ResNet (He et al. 2015, table 1) in the v1.5 form of today's libraries."""

from __future__ import annotations

from search_spaces.architecture import Architecture
from search_spaces.blocks import BasicBlock, Bottleneck, Conv, Pool
from search_spaces.blocks.stage import Stage

REPEATS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
WIDTHS = (64, 128, 256, 512)


def resnet(depth: int = 50) -> Architecture:
    """``resnet-18`` … ``resnet-152``: basic blocks up to 34 layers, then bottlenecks, four times as wide."""
    block, times = (BasicBlock(), 1) if depth < 50 else (Bottleneck(), 4)
    return Architecture(
        stem=(Stage(Conv(kernel=7), out=64, stride=2), Stage(Pool(kernel=3), stride=2)),
        stages=tuple(
            Stage(block, out=width * times, repeats=repeats, stride=1 if index == 0 else 2)
            for index, (width, repeats) in enumerate(zip(WIDTHS, REPEATS[depth], strict=True))
        ),
    )
