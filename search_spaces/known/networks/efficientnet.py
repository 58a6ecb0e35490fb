"""EfficientNet (Tan & Le 2019): B0 of table 1, and the published larger members."""

from __future__ import annotations

from typing import NamedTuple

from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import Conv, MBConv
from search_spaces.network.defaults import BatchNorm, Defaults
from search_spaces.network.heads import Head
from search_spaces.network.rounding import round_filters, round_repeats
from search_spaces.network.stage import Stage


class Coefficients(NamedTuple):
    """Published multipliers of one member, its image size in pixels and its dropout rate."""

    width: float
    depth: float
    image_size: int
    dropout: float


# Reference code of the paper (efficientnet_builder.py); B8 and L2 from later papers by the same group.
COEFFICIENTS = {
    "b0": Coefficients(1.0, 1.0, 224, 0.2),
    "b1": Coefficients(1.0, 1.1, 240, 0.2),
    "b2": Coefficients(1.1, 1.2, 260, 0.3),
    "b3": Coefficients(1.2, 1.4, 300, 0.3),
    "b4": Coefficients(1.4, 1.8, 380, 0.4),
    "b5": Coefficients(1.6, 2.2, 456, 0.4),
    "b6": Coefficients(1.8, 2.6, 528, 0.5),
    "b7": Coefficients(2.0, 3.1, 600, 0.5),
    "b8": Coefficients(2.2, 3.6, 672, 0.5),
    "l2": Coefficients(4.3, 5.3, 800, 0.5),
}

# Table 1: kernel, stride, expand ratio, out, repeats.
ROWS = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
STEM, HEAD = 32, 1280
DROP_PATH = 0.2


def efficientnet(variant: str = "b0") -> Architecture:
    """``efficientnet-b0`` … ``-l2`` with torchvision's norms (from B5 on: eps 1e-3, momentum 0.01)."""
    coefficients = COEFFICIENTS[variant]
    large = variant not in ("b0", "b1", "b2", "b3", "b4")

    def wide(width: int) -> int:
        return round_filters(width * coefficients.width)

    return Architecture(
        image_size=coefficients.image_size,
        stem=(Stage(Conv(kernel=3), out=wide(STEM), stride=2),),
        stages=tuple(
            Stage(
                MBConv(kernel=kernel, expand_ratio=expand, se_ratio=0.25),
                out=wide(out),
                repeats=round_repeats(repeats, coefficients.depth),
                stride=stride,
            )
            for kernel, stride, expand, out, repeats in ROWS
        ),
        head=Head(out=wide(HEAD), dropout=coefficients.dropout),
        defaults=Defaults(
            act="silu",
            norm=BatchNorm(eps=1e-3, momentum=0.01) if large else BatchNorm(eps=1e-5),
            drop_path=DROP_PATH,
        ),
    )
