"""Counts, members and draws against brute force."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from little_spaces import LITTLE

from search_spaces import Budget, Space, UserError, cost, greatest, least, within
from search_spaces.counting.chains import chains
from search_spaces.counting.effort import Effort
from search_spaces.counting.feasible import Feasible
from search_spaces.counting.tables import table

METRICS = ("macs", "params", "bytes", "peak_bytes")


@cache
def little(name: str) -> Space:
    return LITTLE[name]()


@cache
def brute(name: str):
    """Every architecture of a little space, with its cost."""
    return [(network, cost(network)) for network in little(name)]


def members(name, budgets):
    return Counter(network for network, total in brute(name) if all(budget.fits(total) for budget in budgets))


@st.composite
def some_budgets(draw, name):
    """One or two budgets around costs that exist; sometimes ranges, sometimes between two costs."""
    budgets = []
    for metric in draw(st.lists(st.sampled_from(METRICS), min_size=1, max_size=2, unique=True)):
        values = sorted({getattr(total, metric) for _, total in brute(name)})
        high = draw(st.sampled_from(values)) + draw(st.sampled_from([-1, 0, 1]))
        low = draw(st.none() | st.sampled_from(values))
        low = None if low is None or low > high else Fraction(low) + draw(st.sampled_from([0, Fraction(1, 3)]))
        budgets.append(Budget(metric, Fraction(high), low if low is None or low <= high else None))
    return tuple(budgets)


@pytest.mark.parametrize("name", LITTLE)
@settings(max_examples=40)
@given(data=st.data())
def test_counts_and_members_equal_brute_force(name, data):
    budgets = data.draw(some_budgets(name))
    feasible = within(little(name), *budgets)
    expected = members(name, budgets)
    assert feasible.count == sum(expected.values())
    assert Counter(feasible.every()) == expected


@pytest.mark.parametrize("name", LITTLE)
@settings(max_examples=25)
@given(data=st.data())
def test_brackets_hold_the_number_and_bucketed_draws_lie_within(name, data):
    budgets = data.draw(some_budgets(name))
    inside = members(name, budgets)
    feasible = Feasible(little(name), budgets, effort=Effort(quick_queries=0, bucket_work=20_000, max_merged=20))
    assert feasible.counted.low <= sum(inside.values()) <= feasible.counted.high
    if inside:
        assert set(feasible.sample(random.Random(0), 20)) <= set(inside)


@pytest.mark.parametrize("name", LITTLE)
@settings(max_examples=25)
@given(data=st.data())
def test_nearest_costs_equal_brute_force(name, data):
    budgets = data.draw(some_budgets(name))
    about = budgets[-1]
    if about.metric == "peak_bytes":
        return
    others = [b for b in budgets[:-1] if {b.metric, about.metric} != {"params", "bytes"}]
    costs = [getattr(total, about.metric) for _, total in brute(name) if all(b.fits(total) for b in others)]
    nearest = within(little(name), *budgets).nearest(about)
    below = [c for c in costs if c <= about.high]
    above = [c for c in costs if (c >= about.low if about.low else c > about.high)]
    assert [existing.cost for existing in nearest] == [
        *([max(below)] if below else []),
        *([min(above)] if above else []),
    ]
    for existing in nearest:
        total = cost(existing.architecture)
        assert getattr(total, about.metric) == existing.cost
        assert all(b.fits(total) for b in others)


@pytest.mark.parametrize("name", LITTLE)
@pytest.mark.parametrize("metric", ["macs", "params", "activations", "peak_bytes"])
def test_least_and_greatest_equal_brute_force(name, metric):
    costs = [getattr(total, metric) for _, total in brute(name)]
    for extreme, expected in ((least, min), (greatest, max)):
        assert getattr(cost(extreme(little(name), metric)), metric) == expected(costs)
        assert extreme(little(name), metric) in little(name)


@pytest.mark.parametrize("method", ["halves", "buckets"])
@pytest.mark.parametrize("name", LITTLE)
def test_draws_are_uniform(name, method):
    """Chi-squared over the members: a false alarm once in 10⁶, for each of the ten cases (seeded: never by chance)."""
    from scipy.stats import chi2

    costs = sorted(total.macs for _, total in brute(name))
    budgets = (Budget("macs", Fraction(costs[2 * len(costs) // 3])),)
    effort = Effort() if method == "halves" else Effort(quick_queries=0)
    feasible = Feasible(little(name), budgets, effort=effort)
    assert feasible.method == method
    expected = members(name, budgets)
    seen = Counter(feasible.sample(random.Random(1), 40 * sum(expected.values())))
    assert set(seen) <= set(expected)
    statistic = sum((seen[network] - 40 * count) ** 2 / (40 * count) for network, count in expected.items())
    assert statistic < chi2.isf(1e-6, len(expected) - 1)


def test_costs_in_bulk_are_those_of_the_same_draws():
    feasible = within(little("nested"), "0.5MFLOPs")
    networks = feasible.sample(random.Random(3), 50)
    for metric in ("macs", "params"):
        costs = feasible.costs(random.Random(3), 50, metric)
        assert costs.tolist() == [getattr(cost(network), metric) for network in networks]


def test_shared_choices_and_frames_are_counted_once_for_equal_costs():
    tables = [table(chain, None) for chain in chains(little("shared"))]
    assert len(tables) == 4
    assert len({part.signature for part in tables}) == 2


def test_counts_pass_64_bits():
    from search_spaces import Architecture, Conv, Stage, choice

    row = Stage(each=choice(*(Conv(kernel=k) for k in (1, 3, 5, 7))), out=8, repeats=40)
    big = Space("big", Architecture(image_size=8, classes=2, stages=(row, row)))
    assert within(big).count == big.size == 4**80
    low, high, kind = within(big, "3MFLOPs").counted
    assert kind == "bracket"
    assert 2**63 < low < high < 4**80
    assert high - low < 0.02 * high
    assert all(cost(a).macs <= 3_000_000 for a in within(big, "3MFLOPs").sample(random.Random(0), 50))


def test_a_tight_pair_is_met_exactly():
    """One vector among all: found by its feasible costs, and drawn at once."""
    network, total = brute("each")[77]
    budgets = (
        Budget("macs", Fraction(total.macs), Fraction(total.macs)),
        Budget("params", Fraction(total.params), Fraction(total.params)),
    )
    twins = members("each", budgets)
    feasible = within(little("each"), *budgets)
    assert feasible.count == sum(twins.values()) >= 1
    assert set(feasible.sample(random.Random(0), 5)) <= set(twins)
    assert network in twins


def no_chain() -> Space:
    """Over 1,000 combinations outside the rows."""
    from search_spaces import SE, Architecture, Conv, Defaults, Stage, choice
    from search_spaces.network.defaults import BatchNorm

    defaults = Defaults(
        act=choice("relu", "silu"),
        norm=BatchNorm(
            eps=choice(*(k / 1000 for k in range(1, 31))), momentum=choice(*(k / 100 for k in range(1, 31)))
        ),
        se=SE(divisor=choice(1, 2)),
    )
    stages = (Stage(Conv(kernel=choice(1, 3)), out=choice(8, 16)),)
    return Space("loose", Architecture(image_size=8, classes=2, stages=stages, defaults=defaults))


def test_what_is_no_chain_is_drawn_and_rejected_and_says_so():
    feasible = within(no_chain(), "20KFLOPs")
    assert (feasible.method, feasible.counted.kind, feasible.can_be_exact) == ("rejection", "estimate", False)
    assert "combinations at most" in feasible.reason
    assert all(cost(a).macs <= 20_000 for a in feasible.sample(random.Random(0), 5))
    with pytest.raises(UserError, match="too large for an exact count"):
        feasible.count  # noqa: B018


def test_rejection_ends_with_an_error():
    with pytest.raises(UserError, match=r"found nothing of loose within 1KFLOPs in 50 draws \(decisions outside"):
        Feasible(no_chain(), (Budget.parse("1KFLOPs"),), effort=Effort(max_draws=50)).sample(random.Random(0), 1)


def test_nothing_within_is_said():
    feasible = within(little("each"), "1KFLOPs")
    assert feasible.count == 0
    with pytest.raises(UserError, match="nothing of each lies within 1KFLOPs"):
        feasible.sample(random.Random(0), 1)


def test_a_latency_cannot_be_counted():
    with pytest.raises(UserError, match=r"a latency is measured on a device and cannot be counted \(12ms\)"):
        within(little("each"), "12ms")


def test_the_same_seed_gives_the_same_draws():
    feasible = within(little("each"), "1MFLOPs")
    assert (
        feasible.sample(random.Random(5), 9)
        == feasible.sample(random.Random(5), 9)
        != feasible.sample(random.Random(6), 9)
    )


def test_a_space_answers_for_budgets_as_written():
    feasible = within(little("each"), "1MFLOPs", Budget.parse("3Kparams"))
    assert feasible.count == sum(members("each", feasible.budgets).values())
    with pytest.raises(UserError, match="a budget must be a number with a unit"):
        within(little("each"), "plenty")
