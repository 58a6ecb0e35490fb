"""The space around GoogLeNet: which branches, how wide, how large, and does normalisation matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from search_spaces.choice import choice
from search_spaces.known.networks.googlenet import MODULES, NORM, POOLS, aux_2014, pool, stem
from search_spaces.known.networks.googlenet import googlenet as network
from search_spaces.network.blocks import Inception, InceptionC, Norm, Pool, Stage
from search_spaces.network.defaults import Defaults, LocalResponseNorm, NoNorm
from search_spaces.network.heads import Head
from search_spaces.network.rounding import round_filters
from search_spaces.space.space import Space

FACTORISED = range(3, 8)  # the modules at 14×14, where 1×7 and 7×1 pay (Szegedy et al. 2015, sec. 6)


def inception() -> Space:
    """GoogLeNet's nine modules: the width of all branches × {0.75, 1, 1.25}, 3×3 or 5×5 in the third; at 14×14 also
    the 7×7-factorised module of Inception-v3. Batch norm or none, local response normalisation in the stem or
    none, the second pool of 2×2 or 3×3, the auxiliary classifiers of torchvision or of the paper."""
    googlenet = network()
    return Space(
        "inception",
        replace(
            googlenet,
            stem=choice(stem(), stem(Stage(Norm(norm=LocalResponseNorm())))),
            stages=tuple(_row(index, widths) for index, widths in enumerate(MODULES)),
            head=Head(dropout=choice(0.2, 0.4)),
            aux=choice(googlenet.aux, aux_2014()),
            defaults=Defaults(act="relu", norm=choice(NORM, NoNorm())),
        ),
    )


def _row(index: int, widths: tuple[int, ...] | None) -> Any:
    if widths is None:
        return pool(POOLS[0]) if index == MODULES.index(None) else _second_pool()
    scaled = tuple(tuple(round_filters(width * times) for width in widths) for times in (0.75, 1, 1.25))
    module = Stage(Inception(widths=choice(*scaled), large=choice(3, 5)))
    if index not in FACTORISED:
        return module
    return choice(module, Stage(InceptionC(inner=choice(96, 128)), out=widths[0] + widths[2] + widths[4] + widths[5]))


def _second_pool() -> Stage:
    return Stage(Pool(kernel=choice(*sorted(POOLS)), padding="valid", ceil=True), stride=2)
