"""The residual networks: ResNet (He et al. 2015, table 1), its wide, grouped and SE forms."""

from __future__ import annotations

from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import BasicBlock, Block, Bottleneck, Conv, Pool, Stage
from search_spaces.network.defaults import SE, Defaults

REPEATS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
BASIC = (18, 34)
WIDTHS = (64, 128, 256, 512)
EXPANSION = 4
REDUCTION = 1 / 16  # of SE's squeeze against the block's output (Hu et al. 2018, sec. 6.4)
DEFAULTS = Defaults(se=SE(relative_to="output"))


def resnet(depth: int = 50, block: Block | None = None) -> Architecture:
    """``resnet-18`` … ``resnet-152``: basic blocks up to 34 layers, then bottlenecks, four times as wide, in the
    v1.5 form of today's libraries (the stride in the 3×3).

    ``block`` in place of these gives ``resnet-50-v1`` (the paper's stride in the first 1×1), ``resnext-50-32x4d``
    (Xie et al. 2017), ``wide-resnet-50-2`` (Zagoruyko & Komodakis 2016) and ``se-resnet-50`` (Hu et al. 2018, as
    timm has it).
    """
    block = block or (BasicBlock() if depth in BASIC else Bottleneck())
    times = 1 if isinstance(block, BasicBlock) else EXPANSION
    return Architecture(stem=STEM, stages=_stages(block, times, REPEATS[depth]), defaults=DEFAULTS)


STEM = (Stage(Conv(kernel=7), out=64, stride=2), Stage(Pool(kernel=3), stride=2))


def _stages(block: Block, times: int, repeats: tuple[int, ...]) -> tuple[Stage, ...]:
    return tuple(
        Stage(block, out=width * times, repeats=number, stride=1 if index == 0 else 2)
        for index, (width, number) in enumerate(zip(WIDTHS, repeats, strict=True))
    )
