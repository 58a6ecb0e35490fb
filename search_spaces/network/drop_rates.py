"""Effective rates of dropout and drop-path."""

from __future__ import annotations

from search_spaces.network import ops
from search_spaces.network.architecture import Architecture
from search_spaces.network.graph import Graph


def drop_rates(
    architecture: Architecture, g: Graph, dropout: float | None = None, drop_path: float | None = None
) -> dict[int, float]:
    """Rate of each dropout and drop-path in ``g`` by node index; what never drops is left out.

    ``dropout`` and ``drop_path`` override the architecture's rates. Block k of n (k from 0, over all stages)
    gets ``drop_path`` × k / n, as torchvision counts.
    """
    last_rate = architecture.defaults.drop_path if drop_path is None else drop_path
    blocks = [f"stages.{s}.{b}" for s, stage in enumerate(architecture.stages) for b in range(stage.count)]
    by_block = {block: last_rate * index / len(blocks) for index, block in enumerate(blocks)}
    rates = {}
    for index, node in enumerate(g.nodes):
        if isinstance(node.op, ops.Dropout):
            rates[index] = node.op.rate if dropout is None else dropout
        elif isinstance(node.op, ops.DropPath):
            rates[index] = by_block.get(".".join(node.name.split(".")[:3]), 0)
    return {index: rate for index, rate in rates.items() if rate > 0}
