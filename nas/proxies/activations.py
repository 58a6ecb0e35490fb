"""NASWOT: how differently a batch's images switch a network's activations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nas.proxies.untrained import untrained

if TYPE_CHECKING:
    from torch import Tensor

    from search_spaces import Architecture


def naswot(network: Architecture, images: Tensor, labels: Tensor) -> float:
    """Log-determinant of the kernel that counts, for each pair of images, the units whose input to an activation has
    the same sign (Mellor et al. 2021, eq. 2; there for ReLU, here for all activations)."""
    import torch

    from search_spaces.network import ops
    from search_spaces.network.architecture import trace_network

    kernel = torch.zeros(len(images), len(images), dtype=torch.float64)
    with untrained(network) as module, torch.no_grad():
        values = module.values(images)
        for node in trace_network(network).nodes:
            if isinstance(node.op, ops.Act):
                signs = torch.where(values[node.inputs[0]].flatten(1) > 0, 1.0, -1.0)
                kernel += (signs @ signs.T + signs.shape[1]).double() / 2
    return float(torch.linalg.slogdet(kernel).logabsdet)
