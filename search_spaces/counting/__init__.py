"""How many architectures of a space fit budgets, fair draws of them, and the least and greatest costs.

Importing this needs no NumPy; :func:`within` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.counting.extremes import greatest, least
from search_spaces.network.budget import Budget
from search_spaces.space.space import Space

if TYPE_CHECKING:
    from search_spaces.counting.feasible import Feasible


def within(space: Space, *budgets: Budget | str, exact: bool = False) -> Feasible:
    """What lies within the budgets: how many vectors, uniform samples, nearest costs.

    ``exact``: count exactly where a bracket would be quicker. Raises UserError for a wrong budget, for a latency
    (only a device tells) and for a space whose parts do not fit together.
    """
    from search_spaces.counting.feasible import Feasible

    parsed = (Budget.parse(budget) if isinstance(budget, str) else budget for budget in budgets)
    return Feasible(space, tuple(parsed), exact)
