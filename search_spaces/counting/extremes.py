"""The least and the greatest cost of a space, exactly, by dynamic programming: of all ways to a state of a chain
only the best can be part of the best path."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from search_spaces.counting.chains import Chain, chains
from search_spaces.counting.layers import Edge, Layer
from search_spaces.errors import UserError
from search_spaces.network.architecture import Architecture
from search_spaces.space.node import Labels
from search_spaces.space.space import Space

SUM_INDEX = {"params": 0, "bytes": 0, "macs": 1, "activations": 2, "peak_bytes": 3}
"""Which of a layer's sums says each metric."""

Way = tuple[int, Edge | None, "Way | None"]
"""The best way to a state: its cost so far, its last edge, and the way before it."""


class Best(NamedTuple):
    """Cost of a chain's best path, and the labels of its decisions."""

    cost: int
    labels: Labels


def least(space: Space, metric: str = "macs") -> Architecture:
    """The architecture of the least cost (macs, params, bytes, activations or peak_bytes); ties go to the first.

    Raises UserError for an unknown metric, for a combination of decisions that does not fit together (with
    its path), and for a space too large to be laid out as chains.
    """
    return _extremes(space, metric)[0]


def greatest(space: Space, metric: str = "macs") -> Architecture:
    """The architecture of the greatest cost, as :func:`least`."""
    return _extremes(space, metric)[1]


@lru_cache(maxsize=64)
def _extremes(space: Space, metric: str) -> tuple[Architecture, Architecture]:
    """The architectures of least and of greatest cost: one is hardly asked for without the other."""
    if metric not in SUM_INDEX:
        raise UserError(f"the metric must be one of {', '.join(SUM_INDEX)}, got {metric!r}")
    laid_out = list(chains(space))
    smallest = min((_best(chain, SUM_INDEX[metric], 1) for chain in laid_out), key=lambda best: best.cost)
    largest = max((_best(chain, SUM_INDEX[metric], -1) for chain in laid_out), key=lambda best: best.cost)
    return space.decide(smallest.labels), space.decide(largest.labels)


def _best(chain: Chain, index: int, sign: int) -> Best:
    """The path of least (``sign`` 1) or greatest (-1) cost."""
    ways: dict[int, Way] = {0: (0, None, None)}
    for layer in chain.layers:
        ways = _through(layer, ways, index, sign)
    cost, edge, before = ways[0]
    labels = dict(chain.labels)
    for layer, option in zip(reversed(chain.layers), _options(edge, before), strict=True):
        labels |= layer.options[option].labels if option >= 0 else {}
    return Best(cost, labels)


def _through(layer: Layer, ways: dict[int, Way], index: int, sign: int) -> dict[int, Way]:
    """The best ways to each state after one layer."""
    best: dict[int, Way] = {}
    for edge in layer.edges:
        before, added = ways[edge.source][0], edge.sums[index]
        cost = max(before, added) if index == SUM_INDEX["peak_bytes"] else before + added
        known = best.get(edge.target)
        if known is None or sign * cost < sign * known[0]:
            best[edge.target] = (cost, edge, ways[edge.source])
    return best


def _options(edge: Edge | None, before: Way | None) -> Iterator[int]:
    """Numbers of the options taken, the last layer's first."""
    while edge is not None and before is not None:
        yield edge.option
        _, edge, before = before
