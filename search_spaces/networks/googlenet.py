"""GoogLeNet (Szegedy et al. 2014, table 1) as torchvision has it: batch norm, 3×3 in place of 5×5."""

from __future__ import annotations

from search_spaces.architecture import Architecture
from search_spaces.blocks import Conv, Inception, Pool
from search_spaces.blocks.stage import Stage
from search_spaces.defaults import BatchNorm, Defaults
from search_spaces.heads import Aux, Head

# Columns of table 1: 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool projection; a number is a max pool's kernel.
MODULES = (
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    3,
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    2,
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
)
AUX_AFTER = ("stages.3", "stages.6")  # modules 4a and 4d


def googlenet() -> Architecture:
    """``googlenet``: 6,624,904 parameters without the auxiliary classifiers, which train it only."""
    return Architecture(
        stem=(
            Stage(Conv(kernel=7), out=64, stride=2),
            _pool(3),
            Stage(Conv(kernel=1), out=64),
            Stage(Conv(kernel=3), out=192),
            _pool(3),
        ),
        stages=tuple(_pool(row) if isinstance(row, int) else Stage(Inception(widths=row, large=3)) for row in MODULES),
        head=Head(dropout=0.2),
        aux=tuple(Aux(after=after) for after in AUX_AFTER),
        defaults=Defaults(act="relu", norm=BatchNorm(eps=1e-3)),
    )


def _pool(kernel: int) -> Stage:
    return Stage(Pool(kernel=kernel, padding="valid", ceil=True), stride=2)
