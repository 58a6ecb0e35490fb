"""The two trivial proxies: larger networks are better ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces import cost

if TYPE_CHECKING:
    from torch import Tensor

    from search_spaces import Architecture


def params(network: Architecture, images: Tensor, labels: Tensor) -> float:
    """Parameters of the evaluation graph."""
    return float(cost(network).params)


def macs(network: Architecture, images: Tensor, labels: Tensor) -> float:
    """Multiply-adds at the network's image size."""
    return float(cost(network).macs)
