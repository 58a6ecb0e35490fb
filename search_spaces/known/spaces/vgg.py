"""The space around VGG: stacked 3×3 convolutions against larger kernels."""

from __future__ import annotations

from dataclasses import replace

from search_spaces.choice import choice
from search_spaces.known.networks.vgg import WIDTHS
from search_spaces.known.networks.vgg import pool as halving
from search_spaces.known.networks.vgg import vgg as network
from search_spaces.network.blocks import Conv, Stage
from search_spaces.network.defaults import BatchNorm, Defaults, NoNorm
from search_spaces.space.space import Space


def vgg() -> Space:
    """VGG's five rows between pools: one to four convolutions, kernel {3, 5, 7}, width × {0.5, 1}; batch norm or
    none throughout. Two 3×3 see as much as one 5×5, three as one 7×7 (Simonyan & Zisserman 2014, sec. 2.3)."""
    rows = tuple(row for width in WIDTHS for row in (_row(width), halving()))
    defaults = Defaults(act="relu", norm=choice(NoNorm(), BatchNorm()), bias=True)
    return Space("vgg", replace(network(16), stages=rows, defaults=defaults))


def _row(width: int) -> Stage:
    return Stage(Conv(kernel=choice(3, 5, 7)), out=choice(width // 2, width), repeats=choice(1, 2, 3, 4))
