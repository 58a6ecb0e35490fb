"""What a network costs, exactly, in integers and without torch.

Costs are sums over the graph's nodes, memoised per stage and input shape: a million architectures share a few
hundred traces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

from search_spaces.errors import UserError
from search_spaces.network import ops
from search_spaces.network.architecture import Architecture, fragment, trace_network
from search_spaces.network.block import Block
from search_spaces.network.defaults import Defaults
from search_spaces.network.graph import Graph, Node, Position
from search_spaces.network.heads import trace_head
from search_spaces.network.ops import Shape
from search_spaces.network.stage import Stage, trace_block

FLOAT32 = 4
MOST_REMEMBERED = 65_536

Sums = tuple[int, int, int, int]
"""Parameters, multiply-adds, activations, peak elements of a part of a network; the last is a maximum."""


class Cost(NamedTuple):
    """Exact cost of one network in evaluation, for one image.

    ``macs``: multiply-adds of convolutions and fully connected layers. ``activations``: elements that
    convolutions write (Radosavovic et al. 2020, sec. 3). ``peak_bytes``: the most float32 values alive at
    once between operations, without weights. ``aux_*``: auxiliary classifiers, which exist in training only.
    """

    params: int
    macs: int
    activations: int
    peak_bytes: int
    aux_params: int = 0
    aux_macs: int = 0

    @property
    def bytes(self) -> int:
        """Size of the float32 weights."""
        return FLOAT32 * self.params


@dataclass(frozen=True)
class LayerCost:
    """One operation (or row) of a network; ``shape`` is its output's."""

    name: str
    op: str
    shape: Shape
    params: int
    macs: int


@lru_cache(maxsize=262144)
def cost(architecture: Architecture) -> Cost:
    """Cost at the architecture's own image size and number of classes.

    Raises UserError with the path of the row where shapes do not fit.
    """
    params, macs, activations, peak = _totals(architecture)
    auxiliary = _aux_costs(architecture) if architecture.aux else ()
    aux_params, aux_macs = (sum(own[place] for own in auxiliary) for place in (0, 1))
    return Cost(params, macs, activations, FLOAT32 * peak, aux_params, aux_macs)


def _aux_costs(architecture: Architecture) -> list[Sums]:
    """Sums of each auxiliary classifier, on what leaves the stage that it follows."""
    left = {row.name: row.shape for row in rows(architecture)}
    costs = []
    for index, own in enumerate(architecture.aux):
        try:
            costs.append(head_cost(own, left[own.after], architecture.defaults, architecture.classes))
        except UserError as error:
            raise error.under(f"aux.{index}") from None
    return costs


def layers(architecture: Architecture, training: bool = False) -> tuple[LayerCost, ...]:
    """Each operation of the network in order of execution."""
    return tuple(
        LayerCost(node.name, type(node.op).__name__, node.shape, node.params, node.macs)
        for node in trace_network(architecture, training).nodes
    )


def rows(architecture: Architecture) -> tuple[LayerCost, ...]:
    """Each row of the stem and the stages, and the head, with the shape that leaves it."""
    shape: Shape = (architecture.in_channels, architecture.image_size, architecture.image_size)
    told = []
    for name, stage, previous in architecture.rows():
        (params, macs, _, _), shape = stage_cost(stage, shape, architecture.defaults, previous)
        told.append(LayerCost(name, "Stage", shape, params, macs))
    params, macs, _, _ = head_cost(architecture.head, shape, architecture.defaults, architecture.classes)
    return (*told, LayerCost("head", "Head", (architecture.classes,), params, macs))


def _totals(architecture: Architecture) -> Sums:
    defaults = architecture.defaults
    size = architecture.image_size
    shape: Shape = (architecture.in_channels, size, size)
    params = macs = activations = peak = previous = 0
    rows = architecture.stem + architecture.stages
    memo = _memo(defaults)
    for index, stage in enumerate(rows):
        before = previous if stage.positional and index > len(architecture.stem) else 0
        found = memo.get((stage, shape, before))
        if found is None:
            found = _first(memo, architecture, index, shape, before)
        (p, m, a, k), shape = found
        params, macs, activations = params + p, macs + m, activations + a
        peak = k if k > peak else peak
        previous = stage.count
    p, m, a, k = head_cost(architecture.head, shape, defaults, architecture.classes)
    return params + p, macs + m, activations + a, max(peak, k)


Memo = dict[tuple[Stage, Shape, int], tuple[Sums, Shape]]


@lru_cache(maxsize=64)
def _memo(defaults: Defaults) -> Memo:
    """Costs of stages under one network's defaults: a plain dictionary is the fastest to ask."""
    return {}


def _first(memo: Memo, architecture: Architecture, index: int, shape: Shape, before: int) -> tuple[Sums, Shape]:
    """Work out and remember what a row costs on an input of ``shape``."""
    stage = (architecture.stem + architecture.stages)[index]
    try:
        found = stage_cost(stage, shape, architecture.defaults, before)
    except UserError as error:
        raise error.under(architecture.row_name(index)) from None
    if len(memo) >= MOST_REMEMBERED:
        memo.clear()
    memo[stage, shape, before] = found
    return found


def stage_cost(stage: Stage, shape: Shape, defaults: Defaults, previous: int) -> tuple[Sums, Shape]:
    """Sums of a stage and the shape that leaves it, for an input of ``shape``."""
    blocks = stage.sequence
    params = macs = activations = peak = 0
    for index, block in enumerate(blocks):
        at = Position(index, len(blocks), previous) if block.uses_position else Position()
        stride = stage.stride if index == 0 else 1
        try:
            (p, m, a, k), shape = block_cost(block, shape, stage.out, stride, at, defaults)
        except UserError as error:
            raise error.under(str(index)) from None
        params, macs, activations, peak = params + p, macs + m, activations + a, max(peak, k)
    return (params, macs, activations, peak), shape


@lru_cache(maxsize=65536)
def block_cost(
    block: Block, shape: Shape, out: int | None, stride: int, at: Position, defaults: Defaults
) -> tuple[Sums, Shape]:
    """Sums of one block and the shape that leaves it."""
    g, x = fragment(shape, defaults)
    y = trace_block(g, block, x, out, stride, at)
    return _sums(g, y.index), y.shape


@lru_cache(maxsize=65536)
def head_cost(head: Any, shape: Shape, defaults: Defaults, classes: int) -> Sums:
    """Sums of a head, or of an auxiliary classifier, on a map of ``shape``."""
    g, x = fragment(shape, defaults)
    return _sums(g, trace_head(g, head, x, classes).index)


def _sums(g: Graph, output: int) -> Sums:
    nodes = g.nodes
    written = sum(prod(node.shape) for node in nodes if isinstance(node.op, ops.Conv))
    return (
        sum(node.params for node in nodes),
        sum(node.macs for node in nodes),
        written,
        peak_elements(g, output),
    )


def peak_elements(g: Graph, output: int) -> int:
    """The most elements alive at once: a value lives from its operation to its last reader's."""
    owner = _owners(g)
    last: dict[int, int] = {owner[output]: len(g.nodes)}
    for index, node in enumerate(g.nodes):
        for source in node.inputs:
            last[owner[source]] = max(last.get(owner[source], 0), index)
    alive = peak = 0
    dying: dict[int, int] = {}
    for index, node in enumerate(g.nodes):
        if owner[index] == index:
            alive += prod(node.shape)
            end = max(last.get(index, index), index)
            dying[end] = dying.get(end, 0) + prod(node.shape)
        peak = max(peak, alive)
        alive -= dying.pop(index, 0)
    return peak


def _owners(g: Graph) -> list[int]:
    """For each node the one whose memory its output lies in: itself, or its input's where it is a view, a
    place that does nothing in evaluation, or an activation in place."""
    shared = (*ops.PLACES, ops.Flatten, ops.Unflatten)
    inplace = in_place(g)
    owners: list[int] = []
    for index, node in enumerate(g.nodes):
        same = isinstance(node.op, shared) or index in inplace
        owners.append(owners[node.inputs[0]] if same else index)
    return owners


def in_place(g: Graph) -> frozenset[int]:
    """Activations that may overwrite their input: it has one reader, and a block's trace has just made it."""
    readers: dict[int, int] = {}
    for node in g.nodes:
        for source in node.inputs:
            readers[source] = readers.get(source, 0) + 1
    return frozenset(index for index, node in enumerate(g.nodes) if _overwrites(g, node, readers))


def _overwrites(g: Graph, node: Node, readers: dict[int, int]) -> bool:
    if not isinstance(node.op, ops.Act):
        return False
    source = node.inputs[0]
    makers = (ops.Conv, ops.BatchNorm, ops.Linear, ops.Add)
    return readers[source] == 1 and source not in g.entries and isinstance(g.nodes[source].op, makers)
