"""What a person should know of a space before anything is trained."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nas.cli import output
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from search_spaces import Architecture, Budget, Space

DRAWS = 2000
SEED = 0
EXACT = ("macs", "params", "bytes")  # least and greatest are known exactly
COUNTED = (*EXACT, "peak_bytes")
SPELLING = {"macs": "MACs", "params": "parameters", "bytes": "bytes of weights"}


@dataclass(frozen=True)
class Share:
    """Share of random draws that fit the budgets, with its 95 % Wilson interval: an estimate."""

    fits: int
    draws: int
    low: float
    high: float


@dataclass(frozen=True)
class Overview:
    """Size and costs of a space; `least` and `greatest` are exact, `share` is an estimate."""

    name: str
    size: int
    decisions: int
    image_size: int
    classes: int
    metric: str
    least: int
    greatest: int
    members: tuple[tuple[str, int, bool], ...]
    budgets: tuple[str, ...]
    share: Share | None

    def as_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        data = asdict(self)
        data["members"] = [{"name": n, self.metric: c, "fits": fits} for n, c, fits in self.members]
        return data

    def lines(self) -> list[str]:
        """What is printed for people."""
        spelling = SPELLING[self.metric]
        lines = [
            f"space {self.name}: {self.size:,} decision vectors of {self.decisions} decisions, "
            f"{self.image_size} px, {self.classes} classes",
            f"  least {self.least:,} and greatest {self.greatest:,} {spelling}",
        ]
        lines += [
            f"  {name} is a member: {value:,} {spelling} at this size" + ("" if fits else ", over the budget")
            for name, value, fits in self.members
        ]
        return lines + ([self._share_line(self.share)] if self.share else [])

    def _share_line(self, share: Share) -> str:
        return (
            f"  within {' and '.join(self.budgets)}: about {output.percent(share.fits / share.draws)} "
            f"of the vectors (estimate from {share.draws:,} random draws, 95 % interval "
            f"{output.percent(share.low)} to {output.percent(share.high)})"
        )


def overview(space: Space, budgets: tuple[Budget, ...]) -> Overview:
    """Gather the facts; takes some ten milliseconds without budgets, a second with them."""
    architecture = space.least()
    metric = next((b.metric for b in budgets if b.metric in EXACT), "macs")
    return Overview(
        name=space.name,
        size=space.size,
        decisions=len(space.decisions),
        image_size=architecture.image_size,
        classes=architecture.classes,
        metric=metric,
        least=_extreme(space, metric, least=True),
        greatest=_extreme(space, metric, least=False),
        members=_members(space, metric, budgets),
        budgets=tuple(str(budget) for budget in budgets),
        share=_share(space, budgets),
    )


def refuse_impossible(space: Space, budgets: tuple[Budget, ...]) -> None:
    """Refuse a budget below the smallest network, or a range above the greatest.

    Raises:
        UserError: it names the nearest cost that exists.
    """
    for budget in budgets:
        if budget.metric not in EXACT:
            continue
        least, greatest = (_extreme(space, budget.metric, least=side) for side in (True, False))
        spelling = SPELLING[budget.metric]
        if budget.high is not None and budget.high < least:
            raise UserError(f"budget {budget}: the smallest network of {space.name} has {least:,} {spelling}")
        if budget.low is not None and budget.low > greatest:
            raise UserError(f"budget {budget}: the greatest network of {space.name} has {greatest:,} {spelling}")


def _extreme(space: Space, metric: str, *, least: bool) -> int:
    from search_spaces import cost

    counted = "params" if metric == "bytes" else metric
    architecture = space.least(counted) if least else space.greatest(counted)
    return int(getattr(cost(architecture), metric))


def _members(space: Space, metric: str, budgets: tuple[Budget, ...]) -> tuple[tuple[str, int, bool], ...]:
    """Known networks that the space contains, at the space's own image size and classes."""
    from search_spaces import cost
    from search_spaces.networks import names, network

    frame = space.least()
    found = []
    for name in names():
        candidate = _at(network(name), frame)
        if candidate is not None and candidate in space:
            total = cost(candidate)
            found.append((name, int(getattr(total, metric)), _fits(budgets, total)))
    return tuple(found)


def _at(architecture: Architecture, frame: Architecture) -> Architecture | None:
    try:
        return architecture.at(frame.image_size, frame.classes)
    except UserError:  # a head that binds its own image size
        return None


def _share(space: Space, budgets: tuple[Budget, ...]) -> Share | None:
    from nas.intervals import wilson
    from search_spaces import cost

    if not any(budget.metric in COUNTED for budget in budgets):
        return None
    rng = random.Random(SEED)
    fits = sum(_fits(budgets, cost(space.sample(rng))) for _ in range(DRAWS))
    return Share(fits, DRAWS, *wilson(fits, DRAWS))


def _fits(budgets: tuple[Budget, ...], total: Any) -> bool:
    return all(budget.fits(total) for budget in budgets if budget.metric in COUNTED)
