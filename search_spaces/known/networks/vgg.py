"""VGG (Simonyan & Zisserman 2014, table 1): stacked 3×3 convolutions, nothing else."""

from __future__ import annotations

from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import Conv, Pool, Stage
from search_spaces.network.defaults import BatchNorm, Defaults, NoNorm
from search_spaces.network.heads import FlatHead

# Convolutions before each of the five pools, by weight layers: columns A, B, D, E.
REPEATS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
WIDTHS = (64, 128, 256, 512, 512)


def vgg(depth: int = 16, norm: bool = False) -> Architecture:
    """``vgg-11`` … ``vgg-19``, and the ``-bn`` forms with batch norm (torchvision), biases kept in both."""
    rows = zip(WIDTHS, REPEATS[depth], strict=True)
    return Architecture(
        stages=tuple(row for width, repeats in rows for row in (Stage(Conv(), out=width, repeats=repeats), pool())),
        head=FlatHead(hidden=(4096, 4096), pool=7, dropout=0.5),
        defaults=Defaults(act="relu", norm=BatchNorm() if norm else NoNorm(), bias=True),
    )


def pool() -> Stage:
    """Max pooling that halves the map."""
    return Stage(Pool(kernel=2, padding="valid"), stride=2)
