"""The log gain of a network, against the module that it is about."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from nas.module.network import build
from search_spaces import Architecture, BasicBlock, Bottleneck, Conv, Defaults, Head, Inception, MBConv, Stage
from search_spaces.network.block import Block
from search_spaces.network.gain import log_gain

SIDE = 31  # pixels: the middle of the map sees no border

BLOCKS: dict[str, Block] = {
    "conv": Conv(kernel=3),
    "basic": BasicBlock(),
    "bottleneck": Bottleneck(),
    "inception": Inception(),
    "mbconv": MBConv(kernel=3, se_ratio=0),
}


def network(block: Block) -> Architecture:
    return Architecture(
        image_size=SIDE,
        classes=2,
        stem=(Stage(Conv(kernel=3), out=8),),
        stages=(Stage(block, out=48, repeats=2), Stage(Conv(kernel=1), out=4)),
        head=Head(),
        defaults=Defaults(act="relu"),
    )


def in_the_middle(architecture: Architecture) -> float:
    """What a map of ones becomes behind the last stage, by the module with every weight at its mean size."""
    module = build(architecture).double().eval()
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            fan_out = layer.out_channels * math.prod(layer.kernel_size)
            nn.init.constant_(layer.weight, math.sqrt(2 / fan_out) * math.sqrt(2 / math.pi))
        if isinstance(layer, nn.BatchNorm2d):
            layer.eps = 0.0
    maps = [value for value in module.values(torch.ones(1, 3, SIDE, SIDE).double()).values() if value.dim() == 4]
    last = [value for value in maps if value.shape[-1] == SIDE][-1]
    return last[0, :, SIDE // 2, SIDE // 2].mean().item()


@pytest.mark.parametrize("name", BLOCKS)
def test_it_is_what_the_module_amplifies(name: str) -> None:
    architecture = network(BLOCKS[name])
    assert math.exp(log_gain(architecture)) == pytest.approx(in_the_middle(architecture), rel=1e-9)


def test_the_image_size_changes_nothing() -> None:
    architecture = network(MBConv(kernel=5))
    assert log_gain(architecture) == log_gain(architecture.at(64))
