"""Decisions that a network's maps are too small for: on a map of one pixel a 3×3 and a 5×5 kernel are the same."""

from __future__ import annotations

from search_spaces.network.architecture import Architecture, trace_network
from search_spaces.network.graph import Node
from search_spaces.space.decisions import Decision
from search_spaces.space.space import Space


def last_side(network: Architecture) -> int | None:
    """The smaller side of the map that the last stage sees, in pixels; None without stages."""
    nodes = _stage_nodes(network)
    return min(nodes[-1].shape[1:]) if nodes else None


def decisions_without_effect(space: Space, network: Architecture) -> list[str]:
    """Names of the decisions on kernels that all reach over the whole of every map of their stage.

    ``network`` is an architecture of the space at the image size in question.
    """
    nodes = _stage_nodes(network)
    return [decision.name for decision in space.decisions if _reaches_over_all(decision, nodes)]


def _stage_nodes(network: Architecture) -> list[Node]:
    """The nodes of the stages whose values are maps."""
    nodes = trace_network(network).nodes
    return [node for node in nodes if len(node.shape) == 3 and node.name.startswith("stages.")]


def _reaches_over_all(decision: Decision, nodes: list[Node]) -> bool:
    kernels = _kernels(decision)
    if len(kernels) < 2:
        return False
    stage = decision.name.split(".")[1]
    sides = [
        max(node.input_shapes[0][1:])
        for node in nodes
        if node.name.split(".")[1] == stage and max(getattr(node.op, "kernel", (1,))) > 1
    ]
    # a tap further out than the map is wide only ever sees padding
    return bool(sides) and min(kernels) >= 2 * max(sides) - 1


def _kernels(decision: Decision) -> list[int]:
    """The kernels that a decision of a stage offers; none where it is about something else."""
    is_kernel = decision.name.startswith("stages.") and decision.name.endswith((".kernel", ".large"))
    return [int(label) for label in decision.labels] if is_kernel and all(map(str.isdigit, decision.labels)) else []
