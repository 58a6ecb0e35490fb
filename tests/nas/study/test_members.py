from __future__ import annotations

import math

import pytest

from nas.study.members import results
from nas.study.records import Record


def record(member, replicate, top1, state="complete", macs=100, **labels):
    decisions = {"member": member, **labels}
    return Record(trial=0, state=state, top1=top1, macs=macs, replicate=replicate, decisions=decisions, reason=None)


def outcome(**scores):
    return results(record(name, index, top1) for name, group in scores.items() for index, top1 in enumerate(group))


def test_intervals_are_student_s_by_the_deviation_pooled_over_members():
    found = outcome(a=(0.50, 0.52, 0.54), b=(0.60, 0.60, 0.63))
    variance = ((0.02**2 * 2) + (0.01**2 * 2 + 0.02**2)) / 4
    assert found.deviation == pytest.approx(math.sqrt(variance))
    assert found.freedom == 4
    half = 2.7764451 * math.sqrt(variance / 3)
    assert (found["a"].low, found["a"].high) == pytest.approx((0.52 - half, 0.52 + half))


def test_a_known_network_that_differs_much_between_seeds_widens_its_own_interval_alone():
    members = [record("a", seed, top1) for seed, top1 in enumerate((0.50, 0.52, 0.54))]
    unstable = [record("vgg-11", seed, top1, known="yes") for seed, top1 in enumerate((0.1, 0.4, 0.6))]
    alone, beside = results(members), results([*members, *unstable])
    assert (beside["a"], beside.deviation, beside.freedom) == (alone["a"], alone.deviation, 2)
    assert beside["vgg-11"].high - beside["vgg-11"].low > 10 * (beside["a"].high - beside["a"].low)


@pytest.mark.parametrize(
    ("other", "verdict"), [((0.5, 0.51), "yes"), ((0.8, 0.81), "no"), ((0.605, 0.6), "not resolved")]
)
def test_two_differ_where_the_interval_of_the_difference_leaves_out_0(other, verdict):
    found = outcome(a=(0.6, 0.61), b=other)
    assert found.difference(found["a"], found["b"]).verdict == verdict


def test_a_pair_that_was_picked_among_several_needs_a_wider_interval():
    found = outcome(a=(0.6, 0.61), b=(0.5, 0.51))
    alone, picked = (found.difference(found["a"], found["b"], among) for among in (1, 3))
    half = 7.6488 * found.deviation  # t at 1 - 0.05 / 6 with two degrees of freedom, for two seeds each
    assert picked.high - picked.mean == pytest.approx(half, rel=1e-4)
    assert (picked.low, picked.mean) < (alone.low, alone.mean)


def test_one_seed_resolves_nothing():
    found = outcome(a=(0.9,), b=(0.1,))
    assert found.difference(found["a"], found["b"]).verdict == "not resolved"
    assert found["a"].low is None


def test_rivals_are_the_best_and_all_that_cannot_be_told_from_it():
    found = outcome(a=(0.9, 0.91), b=(0.905, 0.9), c=(0.5, 0.51))
    assert [row.name for row in found.rivals()] == ["b", "a"] or [row.name for row in found.rivals()] == ["a", "b"]


def test_what_failed_or_runs_is_left_out_and_reused_scores_add_no_freedom():
    rows = [record("a", 0, 0.5), record("a", 1, 0.6), record("b", 0, None, "failed"), record("c", 0, 0.4, "running")]
    rows += [record("d", 0, 0.5, "reused"), record("d", 1, 0.6, "reused")]
    found = results(rows)
    assert [row.name for row in found.rows] == ["a", "d"]
    assert found.freedom == 1


def test_ties_go_to_fewer_macs():
    found = results([record("large", 0, 0.5, macs=200), record("small", 0, 0.5, macs=100)])
    assert [row.name for row in found.ranked] == ["small", "large"]
