"""Several budgets in one study: each gets a base, and a training counts for every budget within which it fits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from nas.storage import layout
from nas.study.objectives import Objective, ranked
from nas.study.records import Record
from search_spaces import Budget
from search_spaces.errors import UserError
from search_spaces.network.budget import series

LATENCY = "latency_ms"


@dataclass(frozen=True)
class Tier:
    """What gets a base of its own: all that a study trains, or what fits its smaller ``budget``."""

    budget: Budget | None = None

    @property
    def base_file(self) -> str:
        """``base.yaml``, or such as ``base-100MFLOPs.yaml``."""
        stem, _, suffix = layout.BASE.rpartition(".")
        return layout.BASE if self.budget is None else f"{stem}-{self.budget}.{suffix}"

    def holds(self, record: Record) -> bool:
        """Whether a record fits."""
        return self.budget is None or getattr(record, self.budget.metric) <= self.budget.high

    def records(self, records: Iterable[Record]) -> list[Record]:
        """Those that fit."""
        return [record for record in records if self.holds(record)]


def tiers_of(smaller_budgets: Iterable[str]) -> tuple[Tier, ...]:
    """The tiers of a study, each within the one before: the largest budget first."""
    return (Tier(), *(Tier(Budget.parse(text)) for text in smaller_budgets))


def peers(tiers: Sequence[Tier], records: Iterable[Record]) -> list[list[Record]]:
    """The records by the smallest budget that they fit: who competes with whom for the next rung. Were all compared
    with all, those that fit a small budget would be stopped for the sake of a larger one."""
    if len(tiers) == 1:
        return [list(records)]
    groups: list[list[Record]] = [[] for _ in tiers]
    for record in records:
        groups[max(index for index, tier in enumerate(tiers) if tier.holds(record))].append(record)
    return groups


def finalists(tiers: Iterable[Tier], records: Collection[Record], goal: Objective, count: int) -> list[Record]:
    """The best ``count`` complete trainings of each tier, each once."""
    best = [record for tier in tiers for record in ranked(tier.records(records), goal)[:count]]
    return list({record.trial: record for record in best}.values())


def split_series(budgets: Iterable[str | Budget]) -> tuple[tuple[str | Budget, ...], tuple[str, ...]]:
    """Budgets that hold together, and the smaller ones that get bases of their own, the largest of these first:
    ``100,200,400MFLOPs`` becomes ``400MFLOPs``, and ``200MFLOPs`` and ``100MFLOPs``. A number without a unit has that
    of the last. Raises UserError for a series that is none, and for a second one."""
    together: list[str | Budget] = []
    smaller: tuple[str, ...] = ()
    for budget in budgets:
        if not isinstance(budget, str) or "," not in budget:
            together.append(budget)
            continue
        if smaller:
            raise UserError(f"one series of budgets is enough, got {budget!r} as a second one", "budgets")
        largest, *others = _series(budget)
        together.append(str(largest))
        smaller = tuple(map(str, others))
    return tuple(together), smaller


def _series(text: str) -> list[Budget]:
    """The budgets of a series, the largest first."""
    budgets = list(map(Budget.parse, series(text)))
    if any(budget.low is not None for budget in budgets):
        raise UserError(f"a series has upper limits, no ranges, got {text!r}", "budgets")
    if len({budget.metric for budget in budgets}) > 1:
        raise UserError(f"a series limits one cost, got {text!r}; --budget names limits that hold together", "budgets")
    if budgets[0].metric == LATENCY:
        raise UserError(f"a series limits what is counted, not a latency, got {text!r}", "budgets")
    if len(set(budgets)) < len(budgets):
        raise UserError(f"a series names each budget once, got {text!r}", "budgets")
    return sorted(budgets, key=lambda budget: -budget.high)
