"""What a person should know of a space before anything is trained: its size, how many fit, what they cost."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.report.numbers import rounded
from search_spaces.errors import UserError
from search_spaces.network.budget import METRICS

if TYPE_CHECKING:
    from search_spaces import Architecture, Budget, Space
    from search_spaces.counting.feasible import Feasible

DRAWS = 2_000
SEED = 0
SUMMED = ("macs", "params", "bytes")
BINS = 10
BAR = 40  # characters of the longest bar


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
    """What lies within the budgets: ``low`` to ``high`` decision vectors (``how``: exact, bracket or estimate),
    their costs from ``draws`` uniform draws; ``exact``: least and greatest are not from the draws. ``histogram``:
    (from, to, share) of each bar."""

    low: int
    high: int
    how: str
    least: int
    median: int
    greatest: int
    exact: bool
    draws: int
    histogram: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True)
class Overview:
    """Size and costs of a space; ``least`` and ``greatest`` are of the whole space, exactly."""

    name: str
    size: int
    decisions: int
    image_size: int
    classes: int
    metric: str
    least: int
    greatest: int
    members: tuple[Member, ...]
    budgets: tuple[str, ...]
    within: Within

    def as_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        data = asdict(self)
        data["members"] = [
            {"name": own.name, self.metric: own.cost, "fits": own.fits, "above": own.above} for own in self.members
        ]
        return data

    def lines(self) -> list[str]:
        """What is printed for people."""
        spelling = METRICS[self.metric]
        return [
            f"space {self.name}: {self.size:,} decision vectors of {self.decisions} decisions, "
            f"{self.image_size} px, {self.classes} classes",
            f"  least {self.least:,} and greatest {self.greatest:,} {spelling}",
            *([self._share_line()] if self.budgets else []),
            self._costs_line(),
            *(self._member_line(own) for own in self.members),
            *(self._bar(*bar) for bar in self.within.histogram),
        ]

    def _share_line(self) -> str:
        own, told = self.within, f"  within {' and '.join(self.budgets)}: "
        if own.low == own.high:
            return f"{told}exactly {own.low:,} vectors, {_share(own.low, self.size)} of the space"
        share = f"{_share(own.low, self.size)} to {_share(own.high, self.size)} of the space"
        if own.how == "bracket":
            return f"{told}{own.low:,} to {own.high:,} vectors, {share} (a bracket; --exact of `nas spaces` counts)"
        return f"{told}about {share} (95 % interval of random draws: this space is no chain)"

    def _costs_line(self) -> str:
        own = self.within
        told = f"median about {rounded(own.median)} of {own.draws:,} uniform draws"
        if own.exact:
            return f"  these have {own.least:,} to {own.greatest:,} {METRICS[self.metric]}, {told}"
        return f"  {METRICS[self.metric]}, {told}: least {own.least:,}, greatest {own.greatest:,} among them"

    def _member_line(self, own: Member) -> str:
        told = f"  {own.name} is a member: {own.cost:,} {METRICS[self.metric]} at this size"
        return told + (f", above {output.percent(own.above, 0)} of the draws" if own.fits else ", over the budget")

    def _bar(self, low: int, high: int, share: float) -> str:
        longest = max(bar[2] for bar in self.within.histogram)
        bar = "█" * max(share > 0, round(BAR * share / longest))
        return f"  {rounded(low):>7} to {rounded(high):>7}  {bar} {output.percent(share)}"


def overview(own: Feasible) -> Overview:
    """Gather the facts; takes a second or two with budgets on a space as large as mbconv."""
    metric = next((budget.metric for budget in own.budgets if budget.metric in SUMMED), "macs")
    costs = _costs(own, metric)
    least, greatest = extremes(own.space, metric)
    from search_spaces import least as least_of

    decided = least_of(own.space)
    return Overview(
        name=own.space.name,
        size=own.space.size,
        decisions=len(own.space.decisions),
        image_size=decided.image_size,
        classes=decided.classes,
        metric=metric,
        least=least,
        greatest=greatest,
        members=_members(own, metric, costs),
        budgets=tuple(map(str, own.budgets)),
        within=_within(own, metric, costs),
    )


def extremes(space: Space, metric: str) -> tuple[int, int]:
    """Least and greatest cost of a space, exactly."""
    from search_spaces import cost, greatest, least

    return int(getattr(cost(least(space, metric)), metric)), int(getattr(cost(greatest(space, metric)), metric))


def _costs(own: Feasible, metric: str) -> list[int]:
    """Costs of uniform draws within the budgets, in order; fewer where each must be searched for."""
    from search_spaces.network.cost import FLOAT32

    draws = DRAWS // 10 if own.method == "rejection" else DRAWS
    axis, unit = ("params", FLOAT32) if metric == "bytes" else (metric, 1)
    return sorted(unit * int(each) for each in own.costs(random.Random(SEED), draws, axis))


def _within(own: Feasible, metric: str, costs: list[int]) -> Within:
    counted, ends = own.counted, own.ends(metric)
    least, greatest = (ends[0].cost, ends[1].cost) if ends else (costs[0], costs[-1])
    return Within(*counted, least, costs[len(costs) // 2], greatest, ends is not None, len(costs), _histogram(costs))


def _histogram(costs: list[int]) -> tuple[tuple[int, int, float], ...]:
    low, high = costs[0], costs[-1]
    if low == high:
        return ((low, high, 1.0),)
    counts = [0] * BINS
    for each in costs:
        counts[min(BINS - 1, BINS * (each - low) // (high - low))] += 1
    edges = [low + (high - low) * index // BINS for index in range(BINS + 1)]
    return tuple((edges[i], edges[i + 1], counts[i] / len(costs)) for i in range(BINS))


def _members(own: Feasible, metric: str, costs: list[int]) -> tuple[Member, ...]:
    """Known networks that the space contains, at the space's own image size and classes."""
    from search_spaces import cost, least
    from search_spaces.known.networks import names, network

    frame = least(own.space)
    found = []
    for name in names():
        candidate = _at(network(name), frame)
        if candidate is not None and candidate in own.space:
            total = cost(candidate)
            value = int(getattr(total, metric))
            above = sum(each < value for each in costs) / len(costs)
            found.append(Member(name, value, _fits(own.budgets, total), above))
    return tuple(found)


def _at(architecture: Architecture, frame: Architecture) -> Architecture | None:
    try:
        return architecture.at(frame.image_size, frame.classes)
    except UserError:  # a head that binds its own image size
        return None


def _fits(budgets: tuple[Budget, ...], total: Any) -> bool:
    return all(budget.fits(total) for budget in budgets)


def _share(number: int, size: int) -> str:
    """A share in per cent with three digits; small ones as a power of ten."""
    share = number / size
    return f"{100 * share:.3g} %" if share >= 1e-4 or not share else f"{share:.2e}"
