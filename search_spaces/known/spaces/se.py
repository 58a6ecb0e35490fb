"""The space around SE-ResNet-50: where squeeze-and-excitation pays."""

from __future__ import annotations

from dataclasses import replace

from search_spaces.choice import choice
from search_spaces.known.networks.resnet import REDUCTION, resnet
from search_spaces.network.blocks import Bottleneck, Stage
from search_spaces.network.defaults import SE, Defaults
from search_spaces.space.space import Space


def se() -> Space:
    """ResNet-50 with SE in each of its 16 blocks or not, in any of the five places of Hu et al. 2018, sec. 6.5."""
    resnet_50 = resnet(50)
    block = choice(Bottleneck(), Bottleneck(se_ratio=REDUCTION))
    place = choice("branch", "inner", "pre", "post", "identity")
    return Space(
        "se",
        replace(
            resnet_50,
            stages=tuple(
                Stage(each=block, out=row.out, repeats=row.repeats, stride=row.stride) for row in resnet_50.stages
            ),
            defaults=Defaults(se=SE(relative_to="output", place=place)),
        ),
    )
