"""The blocks. A new one is a file of its own and a line in this table."""

from __future__ import annotations

from search_spaces.blocks.base import Block
from search_spaces.blocks.conv import Conv, Identity, Pool
from search_spaces.blocks.inception import Inception, InceptionC
from search_spaces.blocks.mbconv import MBConv
from search_spaces.blocks.nf import NFBlock
from search_spaces.blocks.residual import BasicBlock, Bottleneck

BLOCKS: dict[str, type[Block]] = {
    block.kind: block
    for block in (Conv, Pool, Identity, BasicBlock, Bottleneck, Inception, InceptionC, MBConv, NFBlock)
}

__all__ = [
    "BLOCKS",
    "BasicBlock",
    "Block",
    "Bottleneck",
    "Conv",
    "Identity",
    "Inception",
    "InceptionC",
    "MBConv",
    "NFBlock",
    "Pool",
]
