"""What a network costs, exactly, in integers and without torch.

Costs are sums over the graph's nodes, memoised per stage and input shape: a million architectures share a few
hundred traces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import NamedTuple

from search_spaces.errors import UserError
from search_spaces.network import ops
from search_spaces.network.architecture import Architecture, fragment, trace_network
from search_spaces.network.block import Block
from search_spaces.network.defaults import Defaults
from search_spaces.network.graph import Graph, Position
from search_spaces.network.heads import Classifier, trace_head
from search_spaces.network.memory import peak_elements
from search_spaces.network.ops import Shape
from search_spaces.network.stage import Stage, trace_block

FLOAT32 = 4
MAX_REMEMBERED = 65_536
MAX_COST = 10**100  # parameters and MACs, of which floating-point numbers are made

Sums = tuple[int, int, int, int]
"""Parameters, multiply-adds, activations, peak elements of a part of a network; the last is a maximum."""


class Cost(NamedTuple):
    """Exact cost of one network in evaluation, for one image.

    ``macs``: multiply-adds of convolutions and fully connected layers. ``activations``: elements that
    convolutions write (Radosavovic et al. 2020, sec. 3). ``peak_bytes``: the most float32 values alive at
    once between operations, without weights. ``aux_*``: auxiliary classifiers, which exist in training only; None
    where they do not fit the maps of this image size.
    """

    params: int
    macs: int
    activations: int
    peak_bytes: int
    aux_params: int | None = 0
    aux_macs: int | None = 0

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
    """Cost at the architecture's image size and number of classes.

    Raises UserError with the path of the row where shapes do not fit, and for a network beyond MAX_COST.
    """
    params, macs, activations, peak = _totals(architecture)
    if params > MAX_COST or macs > MAX_COST:
        raise UserError("a network may have 1e100 parameters and multiply-adds at most")
    aux_params, aux_macs = _aux_sums(architecture) if architecture.aux else (0, 0)
    return Cost(params, macs, activations, FLOAT32 * peak, aux_params, aux_macs)


def _totals(architecture: Architecture) -> Sums:
    """Sums of the network without auxiliary classifiers: the fast way, from what rows cost before."""
    defaults, size = architecture.defaults, architecture.image_size
    shape: Shape = (architecture.in_channels, size, size)
    params = macs = activations = peak = previous = 0
    stem = len(architecture.stem)
    memo = _row_memo(defaults)
    for index, stage in enumerate(architecture.stem + architecture.stages):
        before = previous if stage.positional and index > stem else 0
        known = memo.get((stage, shape, before))
        if known is None:
            known = _remembered(memo, architecture.row_name(index), stage, shape, defaults, before)
        (row_params, row_macs, row_activations, row_peak), shape = known
        params, macs, activations = params + row_params, macs + row_macs, activations + row_activations
        peak = row_peak if row_peak > peak else peak
        previous = stage.count
    head = head_cost(architecture.head, shape, defaults, architecture.classes)
    return params + head[0], macs + head[1], activations + head[2], max(peak, head[3])


def _aux_sums(architecture: Architecture) -> tuple[int, int] | tuple[None, None]:
    """Parameters and multiply-adds of the auxiliary classifiers, each on the output of the stage that it follows."""
    outputs = {row.name: row.shape for row in rows(architecture)}
    settings = architecture.defaults, architecture.classes
    try:
        sums = [head_cost(aux, outputs[aux.after], *settings) for aux in architecture.aux]
    except UserError:
        return None, None
    return sum(params for params, *_ in sums), sum(macs for _, macs, *_ in sums)


def layers(architecture: Architecture, training: bool = False) -> tuple[LayerCost, ...]:
    """Each operation of the network in order of execution."""
    return tuple(
        LayerCost(node.name, type(node.op).__name__, node.shape, node.params, node.macs)
        for node in trace_network(architecture, training).nodes
    )


def rows(architecture: Architecture) -> tuple[LayerCost, ...]:
    """Each row of the stem and the stages, and the head, with its output's shape."""
    shape: Shape = (architecture.in_channels, architecture.image_size, architecture.image_size)
    costs = []
    for name, stage, previous in architecture.rows():
        (params, macs, _, _), shape = stage_cost(stage, shape, architecture.defaults, previous)
        costs.append(LayerCost(name, "Stage", shape, params, macs))
    params, macs, _, _ = head_cost(architecture.head, shape, architecture.defaults, architecture.classes)
    return (*costs, LayerCost("head", "Head", (architecture.classes,), params, macs))


Memo = dict[tuple[Stage, Shape, int], tuple[Sums, Shape]]


@lru_cache(maxsize=64)
def _row_memo(defaults: Defaults) -> Memo:
    """Costs of rows under one network's defaults: a plain dictionary is the fastest to ask."""
    return {}


def _remembered(
    memo: Memo, name: str, stage: Stage, shape: Shape, defaults: Defaults, previous: int
) -> tuple[Sums, Shape]:
    """What a row costs on an input of ``shape``, worked out and put into the memo; errors say its ``name``."""
    try:
        result = stage_cost(stage, shape, defaults, previous)
    except UserError as error:
        raise error.under(name) from None
    if len(memo) >= MAX_REMEMBERED:
        memo.clear()
    memo[stage, shape, previous] = result
    return result


def stage_cost(stage: Stage, shape: Shape, defaults: Defaults, previous: int) -> tuple[Sums, Shape]:
    """Sums of a stage on an input of ``shape``, and its output's shape."""
    blocks = stage.sequence
    sums = []
    for index, block in enumerate(blocks):
        at = Position(index, len(blocks), previous) if block.uses_position else Position()
        try:
            block_sums, shape = block_cost(block, shape, stage.out, stage.stride if index == 0 else 1, at, defaults)
        except UserError as error:
            raise error.under(str(index)) from None
        sums.append(block_sums)
    params, macs, activations, peaks = zip(*sums, strict=True) if sums else ((), (), (), ())
    return (sum(params), sum(macs), sum(activations), max(peaks, default=0)), shape


@lru_cache(maxsize=65536)
def block_cost(
    block: Block, shape: Shape, out: int | None, stride: int, at: Position, defaults: Defaults
) -> tuple[Sums, Shape]:
    """Sums of one block and its output's shape."""
    g, x = fragment(shape, defaults)
    y = trace_block(g, block, x, out, stride, at)
    return _sums(g, y.index), y.shape


@lru_cache(maxsize=65536)
def head_cost(head: Classifier, shape: Shape, defaults: Defaults, classes: int) -> Sums:
    """Sums of a head, or of an auxiliary classifier, on a map of ``shape``."""
    g, x = fragment(shape, defaults)
    return _sums(g, trace_head(g, head, x, classes).index)


def _sums(g: Graph, output: int) -> Sums:
    return (
        sum(node.params for node in g.nodes),
        sum(node.macs for node in g.nodes),
        sum(prod(node.shape) for node in g.nodes if isinstance(node.op, ops.Conv)),
        peak_elements(g, output),
    )


def forget_costs() -> None:
    """Forget every cost worked out so far."""
    for memo in (cost, _row_memo, block_cost, head_cost):
        memo.cache_clear()
