"""The blocks. A new one is a file of its own and a line in this table."""

from __future__ import annotations

from search_spaces.blocks.base import Block
from search_spaces.blocks.conv import AdaptivePool, Conv, Identity, Norm, Pool
from search_spaces.blocks.inception import Inception, InceptionC
from search_spaces.blocks.mbconv import FusedMBConv, MBConv
from search_spaces.blocks.nf import NFBlock
from search_spaces.blocks.parallel import InceptionResNet, Parallel
from search_spaces.blocks.residual import BasicBlock, Bottleneck, PreActBottleneck
from search_spaces.blocks.separable import Separable
from search_spaces.blocks.stage import Stage

BLOCKS: dict[str, type[Block]] = {
    block.kind: block
    for block in (
        Conv,
        Pool,
        AdaptivePool,
        Norm,
        Identity,
        BasicBlock,
        Bottleneck,
        PreActBottleneck,
        Inception,
        InceptionC,
        Parallel,
        InceptionResNet,
        Separable,
        MBConv,
        FusedMBConv,
        NFBlock,
    )
}

__all__ = [
    "BLOCKS",
    "AdaptivePool",
    "BasicBlock",
    "Block",
    "Bottleneck",
    "Conv",
    "FusedMBConv",
    "Identity",
    "Inception",
    "InceptionC",
    "InceptionResNet",
    "MBConv",
    "NFBlock",
    "Norm",
    "Parallel",
    "Pool",
    "PreActBottleneck",
    "Separable",
    "Stage",
]
