"""NAS-Bench-Macro (Su et al. 2021): eight layers, each one of three operations, on CIFAR-10."""

from __future__ import annotations

from search_spaces.choice import choice
from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import Conv, Identity, MBConv
from search_spaces.network.heads import Head
from search_spaces.network.stage import Stage
from search_spaces.space.space import Space

LAYERS = (2, 3, 3)
WIDTHS = (64, 128, 256)


def nas_bench_macro() -> Space:
    """6,561 codes of eight digits: 0 identity, 1 MBConv 3×3 expand 3, 2 MBConv 5×5 expand 6. Identities in a
    stage commute, so the codes are 3,969 networks."""
    layer = choice(
        Identity(),
        MBConv(kernel=3, expand_ratio=3, se_ratio=0),
        MBConv(kernel=5, expand_ratio=6, se_ratio=0),
    )
    return Space(
        "nas-bench-macro",
        Architecture(
            image_size=32,
            classes=10,
            stem=(Stage(Conv(kernel=3), out=32),),
            stages=tuple(
                Stage(each=layer, out=width, repeats=layers, stride=2)
                for width, layers in zip(WIDTHS, LAYERS, strict=True)
            ),
            head=Head(out=1280),
        ),
    )
