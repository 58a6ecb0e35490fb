"""Decisions that the proxy cannot judge: on a map of one pixel a 3×3 and a 5×5 kernel are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search_spaces import Architecture, Space

LEAST_SIDE = 4


def blind_lines(space: Space, proxy: Architecture) -> list[str]:
    """What to say of a proxy whose last map is below 4×4: the side, and the decisions that cannot matter.

    Args:
        space: the space that is searched.
        proxy: one of its architectures as it is trained, at the proxy's image size.
    """
    from search_spaces.network.architecture import trace_network

    nodes = [node for node in trace_network(proxy).nodes if len(node.shape) == 3]
    staged = [node for node in nodes if node.name.startswith("stages.")]
    side = min(staged[-1].shape[1:]) if staged else LEAST_SIDE
    if side >= LEAST_SIDE:
        return []
    blind = [d.name for d in space.decisions if _is_blind(d, staged)]
    lines = [f"at the proxy's {proxy.image_size} px the last stage sees a map of {side}×{side}, below 4×4"]
    if blind:
        lines.append(f"these decisions cannot matter there and follow cost alone: {', '.join(blind)}")
    return lines


def _is_blind(decision: Any, nodes: list[Any]) -> bool:
    """Whether all kernels on offer reach over the whole of every map that the decision's stage sees."""
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


def _kernels(decision: Any) -> list[int]:
    named = decision.name.startswith("stages.") and decision.name.endswith((".kernel", ".large"))
    return [int(label) for label in decision.labels] if named and all(map(str.isdigit, decision.labels)) else []
