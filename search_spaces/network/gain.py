"""How much a network's first weights amplify what runs through it: the deeper its paths and the wider its rows, the
more. It is the part of SynFlow (Tanaka et al. 2020, eq. 2) that the language knows, without torch."""

from __future__ import annotations

import math
from functools import lru_cache

from search_spaces.network import ops
from search_spaces.network.architecture import Architecture, fragment
from search_spaces.network.block import Block
from search_spaces.network.defaults import Defaults
from search_spaces.network.graph import Graph, Node, Position
from search_spaces.network.stage import Stage, trace_block

SIDE = 64  # pixels of the maps that blocks are traced on
MEAN_SIZE = math.sqrt(2 / math.pi)  # of a normal variable of deviation 1
GATES = ("sigmoid", "hard_sigmoid", "tanh")  # open, whatever comes


@lru_cache(maxsize=65_536)
def log_gain(architecture: Architecture) -> float:
    """Natural logarithm of what a map of ones becomes behind the last stage where every weight is the mean size of one
    drawn by He et al. 2015 (normal, by fan-out), norms are left out, activations pass what is positive, gates are open
    and maps have no border."""
    channels, total = architecture.in_channels, 0.0
    for stage, previous in architecture.placed():
        gain, channels = _of_row(stage, channels, architecture.defaults, previous)
        total += gain
    return total


@lru_cache(maxsize=65_536)
def _of_row(stage: Stage, channels: int, defaults: Defaults, previous: int) -> tuple[float, int]:
    """Log gain of a row, and its output's channels."""
    blocks, total = stage.sequence, 0.0
    for index, block in enumerate(blocks):
        at = Position(index, len(blocks), previous) if block.uses_position else Position()
        gain, channels = _of_block(block, channels, stage.out, stage.stride if index == 0 else 1, at, defaults)
        total += gain
    return total, channels


@lru_cache(maxsize=65_536)
def _of_block(
    block: Block, channels: int, out: int | None, stride: int, at: Position, defaults: Defaults
) -> tuple[float, int]:
    """Log gain of a block, and its output's channels. The map's side changes nothing."""
    g, x = fragment((channels, SIDE, SIDE), defaults)
    y = trace_block(g, block, x, out, stride, at)
    logs: list[float] = []
    for node in g.nodes:
        logs.append(_of_node(g, node, [logs[source] for source in node.inputs]))
    return logs[y.index], y.channels


def _of_node(g: Graph, node: Node, logs: list[float]) -> float:
    """Logarithm of a node's values, from those of its inputs."""
    op = node.op
    if isinstance(op, ops.Conv | ops.Linear):
        return logs[0] + _of_weights(op, g.nodes[node.inputs[0]].shape[0], node.shape[0])
    if isinstance(op, ops.Add):
        return _log_sum(logs)
    if isinstance(op, ops.Mul):
        return sum(logs)
    if isinstance(op, ops.Concat):
        shares = [g.nodes[source].shape[0] / node.shape[0] for source in node.inputs]
        return _log_sum([value + math.log(share) for value, share in zip(logs, shares, strict=True)])
    if isinstance(op, ops.Act) and op.function in GATES:
        return 0.0
    return logs[0] if logs else 0.0


def _of_weights(op: ops.Conv | ops.Linear, channels: int, out: int) -> float:
    kernel = math.prod(op.kernel) if isinstance(op, ops.Conv) else 1
    groups = op.groups if isinstance(op, ops.Conv) else 1
    return math.log(MEAN_SIZE * channels / groups * kernel * math.sqrt(2 / (kernel * out)))


def _log_sum(logs: list[float]) -> float:
    most = max(logs)
    return most + math.log(sum(math.exp(value - most) for value in logs))
