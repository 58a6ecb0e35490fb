"""The space around EfficientNet-B0, after MnasNet's (Tan et al. 2018, sec. 4.1)."""

from __future__ import annotations

from dataclasses import replace

from search_spaces.choice import choice
from search_spaces.known.networks.efficientnet import ROWS, efficientnet
from search_spaces.network.blocks import MBConv
from search_spaces.network.rounding import round_filters
from search_spaces.network.stage import Stage
from search_spaces.space.space import Space


def mbconv() -> Space:
    """B0's seven rows: kernel {3, 5}, expand ratio {3, 4, 6} (1 in the first row), SE {0, 0.25}, repeats one
    fewer, as many or one more, width × {0.75, 1, 1.25}; stem and head fixed."""
    return Space("mbconv", replace(efficientnet("b0"), stages=tuple(_row(*row) for row in ROWS)))


def _row(kernel: int, stride: int, expand: int, out: int, repeats: int) -> Stage:
    block = MBConv(
        kernel=choice(3, 5),
        expand_ratio=expand if expand == 1 else choice(3, 4, 6),
        se_ratio=choice(0, 0.25),
    )
    return Stage(block, out=choice(*widths(out)), repeats=choice(*numbers(repeats)), stride=stride)


def widths(out: int) -> tuple[int, ...]:
    """``out`` × {0.75, 1, 1.25}, rounded; equal ones once."""
    return tuple(dict.fromkeys(round_filters(out * times) for times in (0.75, 1, 1.25)))


def numbers(repeats: int) -> tuple[int, ...]:
    """One fewer, as many, one more, and at least 1."""
    return tuple(number for number in (repeats - 1, repeats, repeats + 1) if number >= 1)
