"""EfficientNetV2 (Tan & Le 2021, table 4), as torchvision has it."""

from __future__ import annotations

from typing import NamedTuple

from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import Conv, FusedMBConv, MBConv, Stage
from search_spaces.network.defaults import BatchNorm, Defaults
from search_spaces.network.heads import Head


class Variant(NamedTuple):
    """Evaluation image size in pixels, dropout rate, rows: fused, stride, expand ratio, out, repeats."""

    image_size: int
    dropout: float
    rows: tuple[tuple[bool, int, int, int, int], ...]


VARIANTS = {
    "s": Variant(
        384,
        0.2,
        (
            (True, 1, 1, 24, 2),
            (True, 2, 4, 48, 4),
            (True, 2, 4, 64, 4),
            (False, 2, 4, 128, 6),
            (False, 1, 6, 160, 9),
            (False, 2, 6, 256, 15),
        ),
    ),
    "m": Variant(
        480,
        0.3,
        (
            (True, 1, 1, 24, 3),
            (True, 2, 4, 48, 5),
            (True, 2, 4, 80, 5),
            (False, 2, 4, 160, 7),
            (False, 1, 6, 176, 14),
            (False, 2, 6, 304, 18),
            (False, 1, 6, 512, 5),
        ),
    ),
    "l": Variant(
        480,
        0.4,
        (
            (True, 1, 1, 32, 4),
            (True, 2, 4, 64, 7),
            (True, 2, 4, 96, 7),
            (False, 2, 4, 192, 10),
            (False, 1, 6, 224, 19),
            (False, 2, 6, 384, 25),
            (False, 1, 6, 640, 7),
        ),
    ),
}


def efficientnetv2(variant: str = "s") -> Architecture:
    """``efficientnetv2-s``, ``-m``, ``-l``: fused MBConv first, MBConv with SE after; the stem is as wide as the
    first row."""
    published = VARIANTS[variant]
    return Architecture(
        image_size=published.image_size,
        stem=(Stage(Conv(kernel=3), out=published.rows[0][3], stride=2),),
        stages=tuple(
            Stage(
                FusedMBConv(expand_ratio=expand) if fused else MBConv(expand_ratio=expand, se_ratio=0.25),
                out=out,
                repeats=repeats,
                stride=stride,
            )
            for fused, stride, expand, out, repeats in published.rows
        ),
        head=Head(out=1280, dropout=published.dropout),
        defaults=Defaults(act="silu", norm=BatchNorm(eps=1e-3), drop_path=0.2),
    )
