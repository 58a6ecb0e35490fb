"""Fronts and hypervolumes against definitions, and studies that weigh scores against costs."""

from __future__ import annotations

import itertools
import random

import pytest

from nas.search import search
from nas.study.objectives import Objective, ranked
from nas.study.pareto import fronts, hypervolume
from search_spaces import UserError

BUDGET = "0.2MFLOPs"


def beats(one, other):
    return all(a >= b for a, b in zip(one, other, strict=True)) and one != other


def test_a_front_is_what_nobody_beats_once_those_before_it_are_gone():
    rng = random.Random(0)
    points = [tuple(rng.randrange(6) for _ in range(3)) for _ in range(60)]
    indices = fronts(points)
    for front in range(max(indices) + 1):
        left = [p for p, index in zip(points, indices, strict=True) if index >= front]
        members = [p for p, index in zip(points, indices, strict=True) if index == front]
        assert members == [p for p in left if not any(beats(other, p) for other in left)]
    assert fronts([]) == []


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_hypervolume_is_the_number_of_unit_cubes_below_the_points(size):
    rng = random.Random(size)
    for _ in range(20):
        points = [tuple(rng.randrange(-1, 5) for _ in range(size)) for _ in range(5)]
        cubes = itertools.product(range(5), repeat=size)
        below = sum(any(all(c < p for c, p in zip(cube, point, strict=True)) for point in points) for cube in cubes)
        assert hypervolume(points, (0,) * size) == below


def test_mnas_takes_the_smaller_network_where_the_larger_gains_too_little(record):
    goal = Objective("mnas", limits=(("macs", 100.0),))
    at_the_limit = record(0, top1=0.5, macs=100)
    assert goal.value(at_the_limit) == 0.5
    assert goal.value(record(1, top1=0.5, macs=50)) == 0.5 * 0.5**-0.07
    larger, smaller = record(2, top1=0.52, macs=100), record(3, top1=0.51, macs=50)
    assert [r.trial for r in ranked([larger, smaller], goal)] == [3, 2]
    assert goal.maximised([record(4, curve=(0.1, 0.2), macs=50)])[0].top1_by_epoch == (
        0.1 * 0.5**-0.07,
        0.2 * 0.5**-0.07,
    )


@pytest.fixture
def run(space, tmp_path):
    """Scores that hardly rise with the cost."""

    def searched(objective, folder="study", budgets=BUDGET, **options):
        def score(architecture, seed, report):
            from search_spaces import cost

            return 0.8 + cost(architecture).macs / 1e8

        arguments = {"trials": 14, "retrain": 0, "evaluator_name": "mine", **options}
        return search(space, budgets, evaluate=score, objective=objective, out=tmp_path / folder, **arguments)

    return searched


@pytest.mark.parametrize("sampler", ["predictor", "tpe", "nsga2", "evolution", "local", "random"])
def test_the_base_by_mnas_is_the_smallest_where_scores_hardly_differ(run, sampler):
    study = run("mnas", sampler=sampler)
    assert study.base.macs == min(r.macs for r in study.records if r.state == "complete")
    assert study.base != run("score", "other").base


def test_under_pareto_nsga2_searches_without_a_pruner_and_the_front_has_a_volume(run):
    study = run("pareto", budgets=(BUDGET, "9Kparams"))
    assert (study.question.sampler, study.question.pruner) == ("nsga2", "none")
    done = [r for r in study.records if r.state == "complete"]
    numbers = [(r.top1, -r.macs, -r.params) for r in done]
    assert study.base.top1 == max(r.top1 for r in done)
    assert {r.trial for r in study.front} == {
        r.trial for r, n in zip(done, numbers, strict=True) if not any(beats(m, n) for m in numbers)
    }
    assert study.hypervolume == hypervolume([(t, m + 200_000, p + 9_000) for t, m, p in numbers], (0, 0, 0)) / 1.8e9
    assert study.to_data()["hypervolume"] == study.hypervolume
    assert run("score", "other").hypervolume is None


@pytest.mark.parametrize("sampler", ["tpe", "evolution", "local", "random"])
def test_other_samplers_that_rank_several_numbers_search_under_pareto(run, sampler):
    assert run("pareto", sampler=sampler).done == 14


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"objective": "mnas", "budgets": "9Kparams"}, "objective: mnas weighs MACs against a budget of FLOPs"),
        ({"objective": "mnas", "direction": "minimize"}, "direction: mnas multiplies a score"),
        ({"objective": "pareto", "pruner": "median"}, "pruner: under pareto every training runs to its end"),
        (
            {"objective": "pareto", "sampler": "predictor"},
            "sampler: predictor ranks by one number; under pareto use tpe",
        ),
    ],
)
def test_what_an_objective_cannot_do_is_refused_in_one_line(run, options, words):
    with pytest.raises(UserError, match=words):
        run(**options)
