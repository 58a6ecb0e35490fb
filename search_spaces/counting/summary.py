"""What a person should know of a space before anything is trained: its size, how many fit, what they cost."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from search_spaces.counting.extremes import greatest, least
from search_spaces.errors import UserError
from search_spaces.network.architecture import Architecture
from search_spaces.network.cost import FLOAT32, cost
from search_spaces.space.space import Space

if TYPE_CHECKING:  # needs NumPy
    from search_spaces.counting.feasible import Feasible

DRAWS = 2_000
SEED = 0
SUMMED = ("macs", "params", "bytes")
BINS = 10


@dataclass(frozen=True)
class SpaceFacts:
    """Size and costs of a space; ``least`` and ``greatest`` are of the whole space, exactly."""

    name: str
    size: int
    decisions: int
    image_size: int
    classes: int
    metric: str
    least: int
    greatest: int


@dataclass(frozen=True)
class Member:
    """A known network that the space holds, at the space's image size and classes; ``above``: the share of the
    draws within the budgets that cost less."""

    name: str
    cost: int
    fits: bool
    above: float


@dataclass(frozen=True)
class Within:
    """What lies within the budgets: ``low`` to ``high`` decision vectors (``kind``: exact, bracket or estimate),
    their costs from ``draws`` uniform draws; ``exact``: least and greatest are not from the draws. ``histogram``:
    (from, to, share) of each bar."""

    low: int
    high: int
    kind: str
    least: int
    median: int
    greatest: int
    exact: bool
    draws: int
    histogram: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True)
class Summary(SpaceFacts):
    """A space, the known networks in it, and what lies within budgets."""

    members: tuple[Member, ...]
    budgets: tuple[str, ...]
    within: Within


def space_facts(space: Space, metric: str = "macs") -> SpaceFacts:
    """Size and costs of a space. Raises UserError where it is no chain."""
    ends = least(space, metric), greatest(space, metric)
    low, high = (int(getattr(cost(end), metric)) for end in ends)
    decisions = len(space.decisions)
    return SpaceFacts(space.name, space.size, decisions, ends[0].image_size, ends[0].classes, metric, low, high)


def summarize(feasible: Feasible, networks: Mapping[str, Architecture]) -> Summary:
    """Summarize a space and what lies within budgets; ``networks`` are those to look for in it.

    Takes a second or two with budgets on a space as large as mbconv.
    """
    metric = next((budget.metric for budget in feasible.budgets if budget.metric in SUMMED), "macs")
    facts = space_facts(feasible.space, metric)
    costs = _drawn_costs(feasible, metric)
    members = (_member(name, network, feasible, facts, costs) for name, network in networks.items())
    return Summary(
        **asdict(facts),
        members=tuple(member for member in members if member is not None),
        budgets=tuple(map(str, feasible.budgets)),
        within=_within(feasible, metric, costs),
    )


def _drawn_costs(feasible: Feasible, metric: str) -> list[int]:
    """Sorted costs of uniform draws within the budgets; fewer where each must be searched for."""
    draws = DRAWS // 10 if feasible.method == "rejection" else DRAWS
    counted, unit = ("params", FLOAT32) if metric == "bytes" else (metric, 1)
    return sorted(unit * int(value) for value in feasible.costs(random.Random(SEED), draws, counted))


def _within(feasible: Feasible, metric: str, costs: list[int]) -> Within:
    ends = feasible.ends(metric)
    low, high = (ends[0].cost, ends[1].cost) if ends else (costs[0], costs[-1])
    median = costs[len(costs) // 2]
    return Within(*feasible.counted, low, median, high, ends is not None, len(costs), _histogram(costs))


def _histogram(costs: list[int]) -> tuple[tuple[int, int, float], ...]:
    low, high = costs[0], costs[-1]
    if low == high:
        return ((low, high, 1.0),)
    counts = [0] * BINS
    for value in costs:
        counts[min(BINS - 1, BINS * (value - low) // (high - low))] += 1
    edges = [low + (high - low) * index // BINS for index in range(BINS + 1)]
    return tuple((edges[i], edges[i + 1], counts[i] / len(costs)) for i in range(BINS))


def _member(name: str, network: Architecture, feasible: Feasible, facts: SpaceFacts, costs: list[int]) -> Member | None:
    """A network at the space's own image size and classes; None where the space does not hold it."""
    try:
        network = network.at(facts.image_size, facts.classes)
    except UserError:  # a head that binds its own image size
        return None
    if network not in feasible.space:
        return None
    total = cost(network)
    value = int(getattr(total, facts.metric))
    fits = all(budget.fits(total) for budget in feasible.budgets)
    return Member(name, value, fits, sum(drawn < value for drawn in costs) / len(costs))
