"""The space around NFNet-F0: networks without normalisation of activations."""

from __future__ import annotations

from dataclasses import replace

from search_spaces.choice import choice
from search_spaces.known.networks.nfnet import nfnet
from search_spaces.network.blocks import NFBlock, Stage
from search_spaces.space.space import Space

WIDER = 256  # leaves a whole number of groups at either group size


def nf() -> Space:
    """F0's four stages: once, twice or three times as deep (F0 to F2), as wide or 256 wider, groups of 64 or 128
    channels, SE or none, a step of the variance (alpha) of 0.2 or 0.1."""
    f0 = nfnet(0)
    return Space("nf", replace(f0, stages=tuple(map(_row, f0.stages))))


def _row(row: Stage) -> Stage:
    block = NFBlock(group_size=choice(64, 128), se_ratio=choice(0, 0.5), alpha=choice(0.1, 0.2))
    repeats = choice(*(row.repeats * times for times in (1, 2, 3)))
    return Stage(block, out=choice(row.out, (row.out or 0) + WIDER), repeats=repeats, stride=row.stride)
