"""Random search of as many trainings, beside a search."""

from __future__ import annotations

import random
from collections import Counter
from statistics import fmean

import pytest

from nas.search import search
from nas.study import open_study
from nas.study.baseline import compared
from nas.study.noise import retrained
from nas.study.objectives import Objective
from search_spaces import UserError, cost, digest

TRIALS = 12


class Died(BaseException):
    """Stands for a kill in the middle of an evaluation."""


def outcome(study):
    return [record.to_data() | {"seconds": None} for record in study.records]


@pytest.fixture
def run(space, tmp_path):
    """A search beside random search; counts how often each network is evaluated with each random seed."""
    calls = Counter()

    def searched(folder="study", die_at=None, **options):
        def score(architecture, seed, report):
            calls[digest(architecture), seed] += 1
            if calls.total() == die_at:
                raise Died
            return cost(architecture).macs / 1e7 + random.Random(f"{digest(architecture)} {seed}").gauss(0, 1e-3)

        arguments = {"trials": TRIALS, "baseline": "random", "retrain": 2, "seeds": 3, "sampler": "local", **options}
        return search(space, evaluate=score, evaluator_name="mine", out=tmp_path / folder, **arguments)

    searched.calls = calls
    return searched


def test_random_search_has_as_many_trainings_and_nothing_is_trained_twice(run, tmp_path):
    study = run()
    at_random = open_study(tmp_path / "study" / "baseline")
    assert (study.done, at_random.done, study.baseline.trials) == (TRIALS, TRIALS, TRIALS)
    assert (at_random.question.sampler, study.question.sampler) == ("random", "local")
    assert max(run.calls.values()) == 1
    keys = {r.training_key for r in study.records if r.counted}
    shared = [r for r in at_random.records if r.counted and r.training_key in keys]
    assert 0 < study.baseline.shared == len(shared)
    assert {(r.training_key, r.top1) for r in shared} <= {(r.training_key, r.top1) for r in study.records}
    assert all(r.reason.startswith("trained by the search as its trial") for r in shared)


def test_the_search_itself_is_the_same_with_and_without(run):
    with_it, without = run(), run("other", baseline=None)
    assert (outcome(with_it), without.baseline) == (outcome(without), None)
    assert with_it.choice == without.choice


def test_its_choice_is_the_base_of_that_study_and_the_difference_that_of_means_over_further_seeds(run, tmp_path):
    study = run()
    at_random = open_study(tmp_path / "study" / "baseline")
    found = study.baseline
    assert (found.trial, found.digest, found.macs) == (at_random.base.trial, at_random.base.digest, at_random.base.macs)
    means = [fmean(retrained(s.records)[s.base.trial]) for s in (study, at_random)]
    assert found.difference == means[0] - means[1]
    assert found.low <= found.difference <= found.high
    assert study.to_data()["baseline"]["difference"] == found.difference


def test_the_interval_is_students(record):
    """Two networks of two seeds each: variances 0.02 and 0.08, pooled 0.05, two degrees of freedom."""

    def study(digest, scores):
        again = [record(i, top1=s, source=0, replicate=i, digest=digest) for i, s in enumerate(scores, start=1)]
        return {r.trial: r for r in [record(0, top1=0.5, digest=digest), *again]}

    found = compared(study("a", (0.8, 1.0)), study("b", (0.1, 0.5)), Objective("top1"), "finished")
    assert found.difference == pytest.approx(0.6, abs=1e-15)
    quantile = 0.95 * (2 / (1 - 0.95**2)) ** 0.5  # of two degrees of freedom, in closed form
    assert found.high - found.difference == pytest.approx(quantile * 0.05**0.5, rel=1e-12)
    alone = compared(study("a", ()), study("b", ()), Objective("top1"), "finished")
    assert (alone.difference, alone.low, alone.high) == (0, None, None)
    same = compared(study("a", (0.8, 1.0)), study("a", (0.8, 1.0)), Objective("top1"), "finished")
    assert (same.low, same.high) == (0, 0)


@pytest.mark.parametrize("share", [0.1, 0.6, 0.8, 1])
def test_a_run_that_was_cut_ends_as_an_uncut_one(run, share):
    """Cut at a share of all evaluations: in the search, its retrainings, random search, and at the last of all."""
    whole = run("whole")
    die_at = round(share * run.calls.total())
    run.calls.clear()
    with pytest.raises(Died):
        run(die_at=die_at)
    resumed = run()
    assert resumed.baseline == whole.baseline
    assert outcome(resumed) == outcome(whole)


def test_what_is_done_is_not_done_again_and_a_longer_search_goes_on_with_both(run, tmp_path):
    first = run(baseline=None)
    assert first.baseline is None
    second = run()
    made = run.calls.total()
    assert (run(), run.calls.total()) == (second, made)
    third = run(trials=TRIALS + 4)
    assert (third.done, third.baseline.trials) == (TRIALS + 4, TRIALS + 4)
    assert max(run.calls.values()) == 1


def test_random_search_beside_random_search_is_refused(run):
    with pytest.raises(UserError, match="baseline: random search is what the sampler does already"):
        run(sampler="random")
