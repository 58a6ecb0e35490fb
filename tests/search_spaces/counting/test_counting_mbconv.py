"""The ready space mbconv: exact numbers against rejection, to the accuracy that rejection has."""

from __future__ import annotations

import random

import numpy as np
import pytest

from search_spaces import Budget, cost, within
from search_spaces.known.spaces import space

BUDGET = (Budget.parse("400MFLOPs"),)


def rejected(n: int) -> tuple[list[int], int]:
    """MACs of n draws of the whole space that fit, and the draws that it took."""
    rng, accepted, draws = random.Random(11), [], 0
    while len(accepted) < n:
        total = cost(space("mbconv").sample(rng))
        draws += 1
        if BUDGET[0].fits(total):
            accepted.append(total.macs)
    return accepted, draws


def test_the_bracket_holds_the_share_that_draws_show():
    _, draws = rejected(1_000)
    low, high, kind = within(space("mbconv"), *BUDGET).counted
    size = space("mbconv").size
    assert kind == "bracket"
    assert high - low < 0.02 * high
    error = 5 * (0.25 / draws) ** 0.5  # five standard errors: a false alarm in a million (seeded: never by chance)
    assert low / size - error < 1_000 / draws < high / size + error


@pytest.mark.long
@pytest.mark.parametrize("exact", [False, True])
def test_costs_of_samples_are_distributed_as_by_rejection(exact):
    """Kolmogorov-Smirnov, 10⁵ draws against 2·10⁴ by rejection; a false alarm once in 10⁶."""
    from scipy.stats import ks_2samp

    feasible = within(space("mbconv"), *BUDGET, exact=exact)
    drawn = feasible.costs(random.Random(0), 100_000)
    accepted, draws = rejected(20_000)
    assert ks_2samp(drawn, accepted).pvalue > 1e-6
    if exact:
        assert abs(feasible.count / space("mbconv").size - len(accepted) / draws) < 5 * (0.25 / draws) ** 0.5


@pytest.mark.long
def test_a_tight_pair_of_budgets_is_counted_and_drawn():
    """Two ranges that some ten-millionths of the space meet: the draws are distinct, spread and inside; two
    windows that share a border add up."""
    pairs = [("399.99..400MFLOPs", f"{low}..{high}Mparams") for low, high in (("4.99", "4.994999"), ("4.995", "5"))]
    counts = []
    for pair in (*pairs, ("399.99..400MFLOPs", "4.99..5Mparams")):
        budgets = tuple(map(Budget.parse, pair))
        feasible = within(space("mbconv"), *budgets, exact=True)
        counts.append(feasible.count)
        drawn = feasible.sample(random.Random(0), 200)
        assert all(budget.fits(cost(network)) for network in drawn for budget in budgets)
        assert len(set(drawn)) > 190
    assert counts[0] + counts[1] == counts[2]
    assert 1e-8 < counts[2] / space("mbconv").size < 1e-6
    assert np.log10(counts[2]) > 5
