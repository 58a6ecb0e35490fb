"""Budgets as whole numbers of what a network is counted in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from search_spaces.errors import UserError
from search_spaces.network.budget import Budget
from search_spaces.network.cost import FLOAT32

COUNTED = {"macs": ("macs", 1), "params": ("params", 1), "bytes": ("params", FLOAT32), "peak_bytes": ("peak", FLOAT32)}
"""For each metric of a budget: what is counted (peak: elements alive at once), and how many bytes one is."""


class Window(NamedTuple):
    """Whole numbers from ``low`` to ``high``, both included; empty where ``low`` is above ``high``."""

    low: int
    high: int


def windows(budgets: Iterable[Budget]) -> dict[str, Window]:
    """The window of each counted quantity (macs, params, peak) that the budgets limit, together.

    Raises UserError for a latency, which only a device tells.
    """
    limits: dict[str, Window] = {}
    for budget in budgets:
        if budget.metric not in COUNTED:
            raise UserError(f"a latency is measured on a device and cannot be counted ({budget})")
        name, unit = COUNTED[budget.metric]
        window = Window(math.ceil((budget.low or 0) / unit), math.floor(budget.high / unit))
        other = limits.get(name, window)
        limits[name] = Window(max(window.low, other.low), min(window.high, other.high))
    return limits
