"""Effective rates of the places for dropout and drop-path."""

from __future__ import annotations

from search_spaces.network import ops
from search_spaces.network.architecture import Architecture
from search_spaces.network.graph import Graph


def place_rates(
    architecture: Architecture, g: Graph, dropout: float | None = None, drop_path: float | None = None
) -> dict[int, float]:
    """Rate of each place in ``g`` by node index, places with rate 0 left out.

    ``dropout`` and ``drop_path`` override the architecture's own rates. Block k of n (k from 0, over all
    stages) gets ``drop_path`` × k / n, as torchvision counts.
    """
    top = architecture.defaults.drop_path if drop_path is None else drop_path
    order = _block_order(architecture)
    rates = {}
    for index, node in enumerate(g.nodes):
        if isinstance(node.op, ops.Dropout):
            rates[index] = node.op.rate if dropout is None else dropout
        elif isinstance(node.op, ops.DropPath):
            block = ".".join(node.name.split(".")[:3])
            rates[index] = top * order.get(block, 0) / max(1, len(order))
    return {index: rate for index, rate in rates.items() if rate > 0}


def _block_order(architecture: Architecture) -> dict[str, int]:
    names = [f"stages.{s}.{b}" for s, stage in enumerate(architecture.stages) for b in range(stage.count)]
    return {name: index for index, name in enumerate(names)}
