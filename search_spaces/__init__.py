"""The language of networks and spaces: values, costs, digests and files. Needs neither torch nor NumPy."""

from __future__ import annotations

from search_spaces.choice import choice
from search_spaces.counting import greatest, least, within
from search_spaces.errors import UserError
from search_spaces.files.codec import save
from search_spaces.known.load import load
from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import (
    BLOCKS,
    AdaptivePool,
    BasicBlock,
    Block,
    Bottleneck,
    Conv,
    FusedMBConv,
    Identity,
    Inception,
    InceptionC,
    InceptionResNet,
    MBConv,
    NFBlock,
    Norm,
    Parallel,
    Pool,
    PreActBottleneck,
    Separable,
    Stage,
)
from search_spaces.network.budget import Budget
from search_spaces.network.cost import Cost, cost
from search_spaces.network.defaults import (
    SE,
    BatchNorm,
    Defaults,
    LocalResponseNorm,
    NoNorm,
    WeightStandardization,
    a_padding,
    an_act,
)
from search_spaces.network.digest import digest
from search_spaces.network.graph import Graph, Position, Tensor
from search_spaces.network.heads import Aux, ConvHead, FlatHead, Head
from search_spaces.space.space import Space
from search_spaces.values import Rule, a_flag, a_number, a_pair, a_value, an_integer, one_of, ruled, some
