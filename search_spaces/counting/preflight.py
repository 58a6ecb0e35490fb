"""Before anything is trained: budgets that nothing meets are refused, with the nearest costs that exist."""

from __future__ import annotations

import random

from search_spaces.counting.extremes import greatest, least
from search_spaces.counting.feasible import Feasible
from search_spaces.errors import UserError
from search_spaces.network.budget import METRICS, Budget
from search_spaces.network.cost import cost
from search_spaces.space.space import Space


def check_feasible(feasible: Feasible) -> None:
    """Raise UserError where nothing of the space lies within the budgets, or nothing can be found there."""
    for budget in feasible.budgets:
        _check_overlap(feasible, budget)
    if feasible.method != "rejection" and not feasible.counted.high:
        raise UserError(_nearest_text(feasible))
    if feasible.counted.low:
        return
    try:
        feasible.sample(random.Random(0), 1)
    except UserError as error:
        raise UserError(_nearest_text(feasible) if feasible.can_be_exact else str(error)) from None


def _check_overlap(feasible: Feasible, budget: Budget) -> None:
    """Refuse a budget below or above all that the space has."""
    if feasible.method == "rejection":
        return
    name, space = METRICS[budget.metric], feasible.space
    smallest = budget.value(cost(least(space, budget.metric)))
    if smallest > budget.high:
        raise UserError(f"{budget} is below the smallest network of {_at(space)}, which has {smallest:,} {name}")
    if budget.low is None:
        return
    largest = budget.value(cost(greatest(space, budget.metric)))
    if largest < budget.low:
        raise UserError(f"{budget} is above the largest network of {_at(space)}, which has {largest:,} {name}")


def _at(space: Space) -> str:
    return f"{space.name} at {space.architecture.image_size} px and {space.architecture.classes:,} classes"


def _nearest_text(feasible: Feasible) -> str:
    """What exists beside the budgets, one of them at a time, the others being kept."""
    texts = []
    for budget in feasible.budgets:
        costs = [f"{existing.cost:,}" for existing in feasible.nearest(budget)]
        others = " and ".join(str(other) for other in feasible.budgets if other is not budget)
        if costs:
            texts.append(f"{' and '.join(costs)} {METRICS[budget.metric]}" + (f" (within {others})" if others else ""))
    budgets = " and ".join(map(str, feasible.budgets))
    return f"nothing of {_at(feasible.space)} lies within {budgets}; the nearest that exist: {', or '.join(texts)}"
