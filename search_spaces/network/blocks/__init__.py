"""The blocks. A new one is a file of its own and a line in this table."""

from __future__ import annotations

from search_spaces.network.block import Block
from search_spaces.network.blocks.conv import AdaptivePool, Conv, Identity, Norm, Pool
from search_spaces.network.blocks.inception import Inception, InceptionC
from search_spaces.network.blocks.mbconv import FusedMBConv, MBConv
from search_spaces.network.blocks.nf import NFBlock
from search_spaces.network.blocks.parallel import InceptionResNet, Parallel
from search_spaces.network.blocks.residual import BasicBlock, Bottleneck, PreActBottleneck
from search_spaces.network.blocks.separable import Separable
from search_spaces.network.stage import Stage as Stage

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
