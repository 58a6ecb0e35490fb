"""The language of networks and spaces: values, costs, digests and files. Needs neither torch nor NumPy."""

from __future__ import annotations

from search_spaces.architecture import Architecture, Stage
from search_spaces.blocks import (
    BLOCKS,
    BasicBlock,
    Block,
    Bottleneck,
    Conv,
    Identity,
    Inception,
    InceptionC,
    MBConv,
    NFBlock,
    Pool,
)
from search_spaces.budget import Budget
from search_spaces.choice import choice
from search_spaces.codec import save
from search_spaces.cost import Cost, cost
from search_spaces.defaults import SE, BatchNorm, Defaults, NoNorm
from search_spaces.digest import digest
from search_spaces.errors import UserError
from search_spaces.heads import Aux, FlatHead, Head
from search_spaces.load import load
from search_spaces.space import Space

__all__ = [
    "BLOCKS",
    "SE",
    "Architecture",
    "Aux",
    "BasicBlock",
    "BatchNorm",
    "Block",
    "Bottleneck",
    "Budget",
    "Conv",
    "Cost",
    "Defaults",
    "FlatHead",
    "Head",
    "Identity",
    "Inception",
    "InceptionC",
    "MBConv",
    "NFBlock",
    "NoNorm",
    "Pool",
    "Space",
    "Stage",
    "UserError",
    "choice",
    "cost",
    "digest",
    "load",
    "save",
]
