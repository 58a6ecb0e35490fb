"""The least and the greatest cost of a space, exactly: the best way to each state of a chain is enough to go on
from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from search_spaces.counting.chains import Chain, Edge, Layer, chains
from search_spaces.errors import UserError
from search_spaces.network.architecture import Architecture
from search_spaces.space.ranking import Labels

if TYPE_CHECKING:
    from search_spaces.space.space import Space

PLACES = {"params": 0, "bytes": 0, "macs": 1, "activations": 2, "peak_bytes": 3}

Way = tuple[int, Edge | None, "Way | None"]
"""The best way to a state: its cost so far, its last edge, and the way before it."""


class Best(NamedTuple):
    """Cost of a chain's best path, and the labels of its decisions."""

    cost: int
    labels: Labels


def extreme(space: Space, metric: str, sign: int) -> Architecture:
    """The architecture of least (``sign`` 1) or greatest (-1) cost; ties go to the first in order.

    Raises UserError for an unknown metric, for a combination of decisions that does not fit together (with
    its path), and for a space too large to be laid out as chains.
    """
    if metric not in PLACES:
        raise UserError(f"the metric must be one of {', '.join(PLACES)}, got {metric!r}")
    return _ends(space, metric)[0 if sign == 1 else 1]


@lru_cache(maxsize=64)
def _ends(space: Space, metric: str) -> tuple[Architecture, Architecture]:
    """The architectures of least and of greatest cost: one is hardly asked for without the other."""
    found = [[_of_chain(chain, PLACES[metric], sign) for sign in (1, -1)] for chain in chains(space)]
    least = min((ends[0] for ends in found), key=lambda best: best.cost)
    greatest = max((ends[1] for ends in found), key=lambda best: best.cost)
    return space.decide(least.labels), space.decide(greatest.labels)


def _of_chain(chain: Chain, place: int, sign: int) -> Best:
    ways: dict[int, Way] = {0: (0, None, None)}
    for layer in chain.layers:
        ways = _through(layer, ways, place, sign)
    cost, edge, before = ways[0]
    labels = dict(chain.labels)
    for layer, option in zip(reversed(chain.layers), _options(edge, before), strict=True):
        labels |= layer.options[option].labels if option >= 0 else {}
    return Best(cost, labels)


def _through(layer: Layer, ways: dict[int, Way], place: int, sign: int) -> dict[int, Way]:
    """The best ways to each state after one layer."""
    best: dict[int, Way] = {}
    for edge in layer.edges:
        cost, own = ways[edge.source][0], edge.sums[place]
        cost = max(cost, own) if place == PLACES["peak_bytes"] else cost + own
        known = best.get(edge.target)
        if known is None or sign * cost < sign * known[0]:
            best[edge.target] = (cost, edge, ways[edge.source])
    return best


def _options(edge: Edge | None, before: Way | None) -> Iterator[int]:
    """Numbers of the options taken, the last layer's first."""
    while edge is not None and before is not None:
        yield edge.option
        _, edge, before = before
