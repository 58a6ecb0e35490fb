"""What is said of a space and of budgets, against brute force."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from little_spaces import LITTLE

from search_spaces import Budget, UserError, cost, load, within
from search_spaces.counting.preflight import check_feasible
from search_spaces.counting.summary import space_facts, summarize
from search_spaces.known.spaces import space


@pytest.mark.parametrize("name", LITTLE)
@pytest.mark.parametrize("metric", ["macs", "params", "bytes"])
def test_a_summary_equals_brute_force(name, metric):
    little = LITTLE[name]()
    costs = sorted(getattr(cost(network), metric) for network in little)
    limit = costs[len(costs) // 2]
    inside = [value for value in costs if value <= limit]
    summary = summarize(within(little, Budget(metric, Fraction(limit))), {})
    assert (summary.size, summary.least, summary.greatest) == (len(costs), costs[0], costs[-1])
    part = summary.within
    assert (part.low, part.high, part.kind, part.exact) == (len(inside), len(inside), "exact", True)
    assert (part.least, part.greatest) == (inside[0], inside[-1])
    assert part.median in inside
    assert sum(share for _, _, share in part.histogram) == pytest.approx(1)
    edges = [low for low, _, _ in part.histogram]
    assert edges == sorted(edges)


def test_known_networks_inside_a_space_are_placed_among_its_draws():
    networks = {name: load(name) for name in ("efficientnet-b0", "resnet-50")}
    (member,) = summarize(within(space("mbconv"), "300MFLOPs"), networks).members
    assert (member.name, member.cost, member.fits) == ("efficientnet-b0", cost(networks["efficientnet-b0"]).macs, False)
    (member,) = summarize(within(space("mbconv"), "400MFLOPs"), networks).members
    assert member.fits
    assert 0.5 < member.above < 1


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ("1KFLOPs", r"^1KFLOPs is below the smallest network of each at 16 px and 4 classes, which has 21,056 MACs$"),
        (
            "1..2GFLOPs",
            r"^1\.\.2GFLOPs is above the largest network of each at 16 px and 4 classes, which has [\d,]+ MACs$",
        ),
    ],
)
def test_a_budget_beyond_a_space_is_refused_with_its_end(budget, message):
    with pytest.raises(UserError, match=message):
        check_feasible(within(LITTLE["each"](), budget))


def test_a_gap_between_costs_is_refused_with_the_costs_beside_it():
    little = LITTLE["each"]()
    costs = sorted({cost(network).macs for network in little})
    below, above = max(pairwise(costs), key=lambda pair: pair[1] - pair[0])
    gap = Budget("macs", Fraction(above - 1), Fraction(below + 1))
    with pytest.raises(UserError, match=rf"the nearest that exist: {below:,} and {above:,} MACs$"):
        check_feasible(within(little, gap))


def test_facts_of_a_space_are_those_of_its_ends():
    facts = space_facts(LITTLE["nested"](), "params")
    sizes = [cost(network).params for network in LITTLE["nested"]()]
    assert (facts.least, facts.greatest, facts.size) == (min(sizes), max(sizes), len(sizes))
