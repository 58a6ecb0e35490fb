"""Memory of one forward pass: which values are alive at once, and which an activation may overwrite."""

from __future__ import annotations

from collections import Counter
from math import prod

from search_spaces.network import ops
from search_spaces.network.graph import Graph


def peak_elements(g: Graph, output: int) -> int:
    """The most elements alive at once: a value lives from its operation to its last reader's."""
    owners = _owners(g)
    last_use = {owners[source]: index for index, node in enumerate(g.nodes) for source in node.inputs}
    last_use[owners[output]] = len(g.nodes)
    alive = peak = 0
    dying: Counter[int] = Counter()
    for index, node in enumerate(g.nodes):
        if owners[index] == index:
            alive += prod(node.shape)
            dying[last_use.get(index, index)] += prod(node.shape)
        peak = max(peak, alive)
        alive -= dying[index]
    return peak


def _owners(g: Graph) -> list[int]:
    """For each node the one whose memory its output lies in: itself, or its input's where it is a view, a
    drop that does nothing in evaluation, or an activation in place."""
    overwriting = in_place(g)
    owners: list[int] = []
    for index, node in enumerate(g.nodes):
        shares = isinstance(node.op, (*ops.DROPS, *ops.VIEWS)) or index in overwriting
        owners.append(owners[node.inputs[0]] if shares else index)
    return owners


def in_place(g: Graph) -> frozenset[int]:
    """Activations that may overwrite their input: it has one reader, and the same block's trace has written it."""
    readers = Counter(source for node in g.nodes for source in node.inputs)

    def free(source: int) -> bool:
        return readers[source] == 1 and source not in g.entries and isinstance(g.nodes[source].op, ops.WRITERS)

    return frozenset(i for i, node in enumerate(g.nodes) if isinstance(node.op, ops.Act) and free(node.inputs[0]))
