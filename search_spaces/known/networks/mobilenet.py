"""The mobile networks before EfficientNet: MobileNet-v1 and -v2, MnasNet-A1 and -B1."""

from __future__ import annotations

from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import Conv, MBConv, Separable, Stage
from search_spaces.network.defaults import BatchNorm, Defaults
from search_spaces.network.heads import Head

# MobileNet-v1 (Howard et al. 2017, table 1): out, repeats, stride.
SEPARABLE_ROWS = ((64, 1, 1), (128, 2, 2), (256, 2, 2), (512, 6, 2), (1024, 2, 2))

Row = tuple[int, int, int, float, int, int]
"""Kernel, stride, expand ratio, SE ratio, out, repeats."""

# MobileNet-v2 (Sandler et al. 2018, table 2).
V2_ROWS: tuple[Row, ...] = (
    (3, 1, 1, 0, 16, 1),
    (3, 2, 6, 0, 24, 2),
    (3, 2, 6, 0, 32, 3),
    (3, 2, 6, 0, 64, 4),
    (3, 1, 6, 0, 96, 3),
    (3, 2, 6, 0, 160, 3),
    (3, 1, 6, 0, 320, 1),
)
# MnasNet-A1 (Tan et al. 2018, fig. 7).
A1_ROWS: tuple[Row, ...] = (
    (3, 1, 1, 0, 16, 1),
    (3, 2, 6, 0, 24, 2),
    (5, 2, 3, 0.25, 40, 3),
    (3, 2, 6, 0, 80, 4),
    (3, 1, 6, 0.25, 112, 2),
    (5, 2, 6, 0.25, 160, 3),
    (3, 1, 6, 0, 320, 1),
)
# MnasNet-B1, its form without SE (reference code, mnasnet_models.py).
B1_ROWS: tuple[Row, ...] = (
    (3, 1, 1, 0, 16, 1),
    (3, 2, 3, 0, 24, 3),
    (5, 2, 3, 0, 40, 3),
    (5, 2, 6, 0, 80, 3),
    (3, 1, 6, 0, 96, 2),
    (5, 2, 6, 0, 192, 4),
    (3, 1, 6, 0, 320, 1),
)


def mobilenet_v1() -> Architecture:
    """``mobilenet-v1``: depthwise-separable convolutions, as timm has it, with ReLU6 where the paper has ReLU."""
    return Architecture(
        stem=(Stage(Conv(kernel=3), out=32, stride=2),),
        stages=tuple(Stage(Separable(), out=out, repeats=repeats, stride=s) for out, repeats, s in SEPARABLE_ROWS),
        defaults=Defaults(act="relu6"),
    )


def mobilenet_v2() -> Architecture:
    """``mobilenet-v2``: inverted residuals with linear bottlenecks."""
    return _inverted(V2_ROWS, Defaults(act="relu6"))


def mnasnet_a1() -> Architecture:
    """``mnasnet-a1``: found by search with SE among the choices; as timm has it (``semnasnet_100``)."""
    return _inverted(A1_ROWS, Defaults(act="relu"))


def mnasnet_b1() -> Architecture:
    """``mnasnet-b1``: the form without SE, as torchvision has it (``mnasnet1_0``, with its momentum)."""
    return _inverted(B1_ROWS, Defaults(act="relu", norm=BatchNorm(momentum=0.0003)))


def _inverted(rows: tuple[Row, ...], defaults: Defaults) -> Architecture:
    return Architecture(
        stem=(Stage(Conv(kernel=3), out=32, stride=2),),
        stages=tuple(
            Stage(MBConv(kernel=kernel, expand_ratio=expand, se_ratio=se), out=out, repeats=repeats, stride=stride)
            for kernel, stride, expand, se, out, repeats in rows
        ),
        head=Head(out=1280, dropout=0.2),
        defaults=defaults,
    )
