"""The residual networks: ResNet (He et al. 2015, table 1), its wide, grouped, SE and pre-activation forms."""

from __future__ import annotations

from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import BasicBlock, Block, Bottleneck, Conv, Norm, Pool, PreActBottleneck, Stage
from search_spaces.network.defaults import SE, Defaults, NoNorm
from search_spaces.network.heads import Head

REPEATS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
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


def preact_resnet(depth: int = 200) -> Architecture:
    """``preact-resnet-200`` (He et al. 2016, as timm builds it: the stride in the 3×3). A member of
    Trimps-Soushen's fusion of 2016."""
    first = Stage(Conv(kernel=7, norm=NoNorm(), bias=False, act="none"), out=64, stride=2)
    return Architecture(
        stem=(first, *STEM[1:]),
        stages=(*_stages(PreActBottleneck(), EXPANSION, REPEATS[depth]), Stage(Norm(act="relu"))),
        defaults=DEFAULTS,
    )


def senet_154() -> Architecture:
    """``senet-154``: the winner of 2017 (Hu et al. 2018, sec. 6.1): a 64×4d ResNeXt-152 with SE, a first 1×1 of
    half width, 3×3 shortcuts where it strides, and three 3×3 convolutions as its stem; as timm has it.

    It has 115.1 M parameters; tables that quote 146 M are wrong. Its 42 G multiply-adds are at 320 px.
    """
    block = Bottleneck(ratio=1, reduce_ratio=0.5, groups=64, se_ratio=REDUCTION)
    strided = Bottleneck(ratio=1, reduce_ratio=0.5, groups=64, se_ratio=REDUCTION, shortcut_kernel=3)
    first, *others = _stages(block, EXPANSION, REPEATS[152])
    return Architecture(
        stem=(
            Stage(Conv(kernel=3), out=64, stride=2),
            Stage(Conv(kernel=3), out=64),
            Stage(Conv(kernel=3), out=128),
            Stage(Pool(kernel=3, padding="valid", ceil=True), stride=2),
        ),
        stages=(first, *(Stage(strided, out=row.out, repeats=row.repeats, stride=row.stride) for row in others)),
        head=Head(dropout=0.2),
        defaults=DEFAULTS,
    )


def _stages(block: Block, times: int, repeats: tuple[int, ...]) -> tuple[Stage, ...]:
    return tuple(
        Stage(block, out=width * times, repeats=number, stride=1 if index == 0 else 2)
        for index, (width, number) in enumerate(zip(WIDTHS, repeats, strict=True))
    )
