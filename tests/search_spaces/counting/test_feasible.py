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
from search_spaces.counting import feasible as module
from search_spaces.counting.feasible import Feasible

METRICS = ("macs", "params", "bytes", "peak_bytes")


@cache
def made(name: str) -> Space:
    return LITTLE[name]()


@cache
def brute(name: str):
    """Every architecture of a little space, with its cost."""
    return [(own, cost(own)) for own in made(name)]


def members(name, budgets):
    return Counter(own for own, its in brute(name) if all(budget.fits(its) for budget in budgets))


@st.composite
def some_budgets(draw, name):
    """One or two budgets around costs that exist; sometimes ranges, sometimes between two costs."""
    found = []
    for metric in draw(st.lists(st.sampled_from(METRICS), min_size=1, max_size=2, unique=True)):
        values = sorted({getattr(its, metric) for _, its in brute(name)})
        high = draw(st.sampled_from(values)) + draw(st.sampled_from([-1, 0, 1]))
        low = draw(st.none() | st.sampled_from(values))
        low = None if low is None or low > high else Fraction(low) + draw(st.sampled_from([0, Fraction(1, 3)]))
        found.append(Budget(metric, Fraction(high), low if low is None or low <= high else None))
    return tuple(found)


@pytest.mark.parametrize("name", LITTLE)
@settings(max_examples=40)
@given(data=st.data())
def test_counts_and_members_equal_brute_force(name, data):
    budgets = data.draw(some_budgets(name))
    own = within(made(name), *budgets)
    expected = members(name, budgets)
    assert own.count == sum(expected.values())
    assert Counter(own.every()) == expected


@pytest.mark.parametrize("name", LITTLE)
@settings(max_examples=25)
@given(data=st.data())
def test_brackets_hold_the_number_and_bucketed_draws_lie_within(name, data):
    budgets = data.draw(some_budgets(name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "QUICK", 0)
        patch.setattr("search_spaces.counting.buckets.WORK", 20_000)
        patch.setattr("search_spaces.counting.buckets.MOST_MERGED", 20)
        own = within(made(name), *budgets)
        count = sum(members(name, budgets).values())
        assert own.counted.low <= count <= own.counted.high
        if count:
            assert all(its in members(name, budgets) for its in own.sample(random.Random(0), 20))


@pytest.mark.parametrize("name", LITTLE)
@settings(max_examples=25)
@given(data=st.data())
def test_nearest_costs_equal_brute_force(name, data):
    budgets = data.draw(some_budgets(name))
    about = budgets[-1]
    if about.metric == "peak_bytes":
        return
    others = [b for b in budgets[:-1] if {b.metric, about.metric} != {"params", "bytes"}]
    costs = [getattr(its, about.metric) for _, its in brute(name) if all(b.fits(its) for b in others)]
    found = within(made(name), *budgets).nearest(about)
    below = [c for c in costs if c <= about.high]
    above = [c for c in costs if (c >= about.low if about.low else c > about.high)]
    assert [each.cost for each in found] == [*([max(below)] if below else []), *([min(above)] if above else [])]
    for each in found:
        assert getattr(cost(each.architecture), about.metric) == each.cost
        assert all(b.fits(cost(each.architecture)) for b in others)


@pytest.mark.parametrize("name", LITTLE)
@pytest.mark.parametrize("metric", ["macs", "params", "activations", "peak_bytes"])
def test_least_and_greatest_equal_brute_force(name, metric):
    costs = [getattr(its, metric) for _, its in brute(name)]
    for extreme, expected in ((least, min), (greatest, max)):
        assert getattr(cost(extreme(made(name), metric)), metric) == expected(costs)
        assert extreme(made(name), metric) in made(name)


@pytest.mark.parametrize("quick", [module.QUICK, 0], ids=["exact", "buckets"])
@pytest.mark.parametrize("name", LITTLE)
def test_draws_are_uniform(name, quick, monkeypatch):
    """Chi-squared over the members: a false alarm once in 10⁶, for each of the ten cases (seeded: never by chance)."""
    from scipy.stats import chi2

    monkeypatch.setattr(module, "QUICK", quick)
    costs = sorted(its.macs for _, its in brute(name))
    budgets = (Budget("macs", Fraction(costs[2 * len(costs) // 3])),)
    own = within(made(name), *budgets)
    assert own.method == ("buckets" if quick == 0 else "halves")
    expected = members(name, budgets)
    draws = 40 * sum(expected.values())
    codes = own.codes(random.Random(1), draws)
    seen = Counter(map(tuple, codes.tolist()))
    size = sum(expected.values())
    assert len(seen) <= size
    statistic = sum((n - 40) ** 2 / 40 for n in seen.values()) + 40 * (size - len(seen))
    assert statistic < chi2.isf(1e-6, size - 1)


def test_codes_and_architectures_are_the_same_draws():
    own = within(made("nested"), "0.5MFLOPs")
    codes = own.codes(random.Random(3), 50)
    coder = own._coder
    assert [made("nested").decide(coder.decided(code)) for code in codes] == own.sample(random.Random(3), 50)


def test_shared_choices_and_frames_are_enumerated_once_for_equal_costs():
    assert len(within(made("shared"))._tables) == 4
    assert len(within(made("shared"))._distinct) == 2


def test_counts_pass_64_bits():
    from search_spaces import Architecture, Conv, Stage, choice

    row = Stage(each=choice(*(Conv(kernel=k) for k in (1, 3, 5, 7))), out=8, repeats=40)
    big = Space("big", Architecture(image_size=8, classes=2, stages=(row, row)))
    assert within(big).count == big.size == 4**80
    low, high, how = within(big, "3MFLOPs").counted
    assert how == "bracket"
    assert 2**63 < low < high < 4**80
    assert high - low < 0.02 * high
    assert all(cost(a).macs <= 3_000_000 for a in within(big, "3MFLOPs").sample(random.Random(0), 50))


def test_a_tight_pair_is_met_exactly():
    """One vector among all: found by its own costs, and drawn at once."""
    own, its = brute("each")[77]
    budgets = (
        Budget("macs", Fraction(its.macs), Fraction(its.macs)),
        Budget("params", Fraction(its.params), its.params),
    )
    twins = members("each", budgets)
    found = within(made("each"), *budgets)
    assert found.count == sum(twins.values()) >= 1
    assert set(found.sample(random.Random(0), 5)) <= set(twins)
    assert own in twins


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
    own = within(no_chain(), "20KFLOPs")
    assert (own.method, own.counted.how, own.can_be_exact) == ("rejection", "estimate", False)
    assert "combinations at most" in own.reason
    assert all(cost(a).macs <= 20_000 for a in own.sample(random.Random(0), 5))
    with pytest.raises(UserError, match="too large for an exact count"):
        own.count  # noqa: B018


def test_rejection_ends_with_an_error(monkeypatch):
    monkeypatch.setattr(module, "MOST_DRAWS", 50)
    with pytest.raises(UserError, match=r"found nothing of loose within 1KFLOPs in 50 draws \(decisions outside"):
        within(no_chain(), "1KFLOPs").sample(random.Random(0), 1)


def test_nothing_within_is_said():
    own = within(made("each"), "1KFLOPs")
    assert own.count == 0
    with pytest.raises(UserError, match="nothing of each lies within 1KFLOPs"):
        own.sample(random.Random(0), 1)


def test_a_latency_cannot_be_counted():
    with pytest.raises(UserError, match=r"a latency is measured on a device and cannot be counted \(12ms\)"):
        within(made("each"), "12ms")


def test_the_same_seed_gives_the_same_draws():
    own: Feasible = within(made("each"), "1MFLOPs")
    assert own.sample(random.Random(5), 9) == own.sample(random.Random(5), 9) != own.sample(random.Random(6), 9)


def test_a_space_answers_for_budgets_as_written():
    own = within(made("each"), "1MFLOPs", Budget.parse("3Kparams"))
    assert own.count == sum(members("each", own.budgets).values())
    with pytest.raises(UserError, match="a budget must be a number with a unit"):
        within(made("each"), "plenty")
