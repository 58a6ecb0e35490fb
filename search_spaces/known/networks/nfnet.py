"""NFNet (Brock et al. 2021, table 1), as timm's ``dm_nfnet`` has the authors' release."""

from __future__ import annotations

from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import Conv, NFBlock, Stage
from search_spaces.network.defaults import SE, Defaults, WeightStandardization
from search_spaces.network.heads import Head

# Evaluation image size in pixels and dropout rate of F0 … F6.
VARIANTS = ((256, 0.2), (320, 0.3), (352, 0.4), (416, 0.4), (512, 0.5), (544, 0.5), (576, 0.5))
REPEATS = (1, 2, 6, 3)  # of F0; variant n has n + 1 times as many
WIDTHS = (256, 512, 1536, 1536)
STEM = ((16, 2), (32, 1), (64, 1), (128, 2))
HEAD = 3072
DEFAULTS = Defaults(
    act="gelu",
    norm=WeightStandardization(gain_in="act"),
    padding="same",
    se=SE(relative_to="output", act="relu", gain=2),
    drop_path=0.25,
)


def nfnet(variant: int = 0) -> Architecture:
    """``nfnet-f0`` … ``nfnet-f6``: no batch norm; deeper and on larger images from one to the next. The last
    convolution of the stem has no activation: the first block begins with one."""
    image_size, dropout = VARIANTS[variant]
    last = len(STEM) - 1
    return Architecture(
        image_size=image_size,
        stem=tuple(
            Stage(Conv(kernel=3, act="none" if index == last else None), out=out, stride=stride)
            for index, (out, stride) in enumerate(STEM)
        ),
        stages=tuple(
            Stage(NFBlock(), out=out, repeats=repeats * (variant + 1), stride=1 if index == 0 else 2)
            for index, (out, repeats) in enumerate(zip(WIDTHS, REPEATS, strict=True))
        ),
        head=Head(out=HEAD, dropout=dropout),
        defaults=DEFAULTS,
    )
