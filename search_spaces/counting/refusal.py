"""Budgets that nothing meets are refused, with the nearest costs that exist."""

from __future__ import annotations

import random

from search_spaces.counting.extremes import greatest, least
from search_spaces.counting.feasible import Feasible
from search_spaces.errors import UserError
from search_spaces.network.budget import METRICS, Budget
from search_spaces.network.cost import cost


def refuse_impossible(own: Feasible) -> None:
    """Raise UserError where nothing of the space lies within the budgets, or nothing can be found there."""
    for budget in own.budgets:
        _refuse_beyond(own, budget)
    if own.method != "rejection" and not own.counted.high:
        raise UserError(_nearest(own))
    if own.counted.low:
        return
    try:
        own.sample(random.Random(0), 1)
    except UserError as error:
        raise UserError(_nearest(own) if own.can_be_exact else str(error)) from None


def _refuse_beyond(own: Feasible, budget: Budget) -> None:
    """Refuse a budget below or above all that the space has."""
    if own.method == "rejection":
        return
    name, space = METRICS[budget.metric], own.space
    smallest = budget.value(cost(least(space, budget.metric)))
    if smallest > budget.high:
        raise UserError(f"{budget} is below the smallest network of {space.name}, which has {smallest:,} {name}")
    if budget.low is None:
        return
    largest = budget.value(cost(greatest(space, budget.metric)))
    if largest < budget.low:
        raise UserError(f"{budget} is above the largest network of {space.name}, which has {largest:,} {name}")


def _nearest(own: Feasible) -> str:
    """What exists beside the budgets, one of them at a time, the others being kept."""
    told = []
    for budget in own.budgets:
        costs = [f"{found.cost:,}" for found in own.nearest(budget)]
        others = " and ".join(str(each) for each in own.budgets if each is not budget)
        if costs:
            told.append(f"{' and '.join(costs)} {METRICS[budget.metric]}" + (f" (within {others})" if others else ""))
    both = " and ".join(map(str, own.budgets))
    return f"nothing of {own.space.name} lies within {both}; the nearest that exist: {', or '.join(told)}"
