"""Several budgets in one study: one base each, all trainings shared."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from nas import search
from nas.study import open_study
from nas.study.propose.samplers import SAMPLERS
from nas.study.pruners import PRUNERS
from nas.study.tiers import finalists, peers, split_series, tiers_of
from search_spaces import UserError, cost, load

SERIES = "100,160,250KFLOPs"


@pytest.mark.parametrize(
    ("text", "largest", "smaller"),
    [
        ("100,200,400MFLOPs", "400MFLOPs", ("200MFLOPs", "100MFLOPs")),
        ("1.8GFLOPs, 400MFLOPs", "1.8GFLOPs", ("400MFLOPs",)),
        ("2.5,5Mparams", "5Mparams", ("2.5Mparams",)),
    ],
)
def test_a_series_is_its_largest_budget_and_the_smaller_ones(text, largest, smaller):
    assert split_series(["20MB", text]) == (("20MB", largest), smaller)


@pytest.mark.parametrize(
    ("budgets", "rule"),
    [
        (["100,5Mparams,400MFLOPs"], "limits one cost"),
        (["100,200..400MFLOPs"], "no ranges"),
        (["100,100MFLOPs"], "each budget once"),
        (["5,10ms"], "not a latency"),
        (["1,2MFLOPs", "1,2Mparams"], "one series"),
        (["100,,400MFLOPs"], "a number with a unit"),
        (["100,"], "a number with a unit"),
    ],
)
def test_a_series_that_is_none_is_refused(budgets, rule):
    with pytest.raises(UserError, match=rule):
        split_series(budgets)


def test_a_record_competes_with_those_that_fit_the_same_smallest_budget(record):
    tiers = tiers_of(("200MFLOPs", "100MFLOPs"))
    records = [record(trial, macs=macs * 10**6) for trial, macs in enumerate((350, 90, 200, 100, 201))]
    assert [[r.trial for r in group] for group in peers(tiers, records)] == [[0, 4], [2], [1, 3]]


def test_the_best_of_each_budget_are_finalists_once(record, space):
    from nas.study.objectives import Objective

    tiers = tiers_of(("200MFLOPs", "100MFLOPs"))
    scores = [(350, 0.7), (90, 0.6), (200, 0.8), (100, 0.5)]
    records = [record(trial, top1=top1, macs=macs * 10**6) for trial, (macs, top1) in enumerate(scores)]
    assert [r.trial for r in finalists(tiers, records, Objective("top1"), 1)] == [2, 1]


def run(space, folder, **options):
    options = {"retrain": 1, "seeds": 1, "trials": 12, "sampler": "random", **options}
    return search(space, budgets=SERIES, out=folder, **options)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_each_budget_gets_the_best_that_fits_it(space, by_cost, tmp_path, sampler):
    study = run(space, tmp_path / "s", evaluate=by_cost, sampler=sampler, trials=15)
    assert list(study.bases) == ["250KFLOPs", "160KFLOPs", "100KFLOPs"]
    complete = [r for r in study.records if r.state == "complete" and r.replicate == 0]
    for budget, limit in {"250KFLOPs": 250_000, "160KFLOPs": 160_000, "100KFLOPs": 100_000}.items():
        fitting = [r for r in complete if r.macs <= limit]
        assert len(fitting) >= 4, budget  # proposals are made for each in turn
        assert study.bases[budget].macs == max(r.macs for r in fitting)
        file = "base.yaml" if budget == "250KFLOPs" else f"base-{budget}.yaml"
        assert cost(load(str(study.folder / file))).macs == study.bases[budget].macs
    again = {r.source for r in study.records if r.replicate}
    assert again == {r.trial for r in study.bases.values()}


def test_it_goes_on_as_one_that_was_not_stopped(space, by_cost, tmp_path):
    whole = run(space, tmp_path / "whole", evaluate=by_cost)
    calls = []

    def stopping(architecture, seed, report):
        calls.append(seed)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return by_cost(architecture, seed, report)

    with pytest.raises(KeyboardInterrupt):
        run(space, tmp_path / "parts", evaluate=stopping, evaluator_name="cost")
    parts = run(space, tmp_path / "parts", evaluate=by_cost, evaluator_name="cost")
    assert [r.decisions for r in parts.records] == [r.decisions for r in whole.records]
    assert {b: r.trial for b, r in parts.bases.items()} == {b: r.trial for b, r in whole.bases.items()}


def test_another_series_is_another_study(space, by_cost, tmp_path):
    run(space, tmp_path / "s", evaluate=by_cost)
    with pytest.raises(UserError, match=r'differs in budgets \(there \["250KFLOPs", "160KFLOPs", "100KFLOPs"\], asked'):
        search(space, budgets="160,250KFLOPs", evaluate=by_cost, out=tmp_path / "s")


def test_a_base_file_that_is_missing_is_made_again(space, by_cost, tmp_path):
    study = run(space, tmp_path / "s", evaluate=by_cost)
    (study.folder / "base-100KFLOPs.yaml").unlink()
    run(space, tmp_path / "s", evaluate=by_cost)
    assert (study.folder / "base-100KFLOPs.yaml").is_file()
    assert open_study(study.folder).openings == 1


@pytest.mark.parametrize(
    ("options", "rule"),
    [({"objective": "pareto"}, "a front"), ({"baseline": "random", "sampler": "tpe"}, "several")],
)
def test_what_a_series_cannot_be_joined_with_is_refused(space, by_cost, tmp_path, options, rule):
    with pytest.raises(UserError, match=rule):
        run(space, tmp_path / "s", evaluate=by_cost, **options)
    assert not (tmp_path / "s").exists()


def test_a_budget_of_a_series_that_nothing_meets_is_refused(space, by_cost, tmp_path):
    with pytest.raises(UserError, match="10KFLOPs is below the smallest network"):
        search(space, budgets="10,250KFLOPs", evaluate=by_cost, out=tmp_path / "s")


def test_small_networks_go_on_beside_large_ones(space, tmp_path):
    """The larger the lower its loss: were all compared with all, nothing small would reach the last epoch."""

    def larger_is_better(architecture, seed, report):
        for epoch in range(1, 17):
            if not report(epoch, cost(architecture).macs / 1e7):
                break
        return cost(architecture).macs / 1e7

    study = run(space, tmp_path / "s", evaluate=larger_is_better, pruner="halving", epochs=16, trials=24, retrain=0)
    whole = [r.macs for r in study.records if r.state == "complete"]
    assert [sum(macs <= limit for macs in whole) >= 1 for limit in (100_000, 160_000, 250_000)] == [True] * 3
    assert len(whole) < 24
    assert PRUNERS[study.question.pruner].has_rungs


def test_the_report_and_the_data_name_every_base(space, by_cost, tmp_path):
    from nas.report.statements import base_lines

    study = run(space, tmp_path / "s", evaluate=by_cost)
    text, page = "\n".join(base_lines(study)), (study.folder / "report.html").read_text()
    for name in ("base-160KFLOPs.yaml", "base-100KFLOPs.yaml"):
        assert name in text
        assert name in page
    data = json.loads(json.dumps(study.to_data()))
    assert data["bases"] == {budget: record.trial for budget, record in study.bases.items()}


def test_a_study_of_one_budget_has_no_series(space, by_cost, tmp_path):
    study = search(space, "250KFLOPs", evaluate=by_cost, out=tmp_path / "s", trials=2, retrain=0)
    assert study.bases == {}
    assert "smaller_budgets" not in (study.folder / "study.yaml").read_text()
    assert replace(study.question).tiers == tiers_of(())


def test_the_file_of_a_smaller_base_comes_with_its_weights(space, by_cost, tmp_path):
    from nas.module.loading import weights_of

    study = run(space, tmp_path / "s", evaluate=by_cost)
    file, weights = study.folder / "base-100KFLOPs.yaml", study.folder / "checkpoints" / "small.ckpt"
    assert weights_of(file) is None
    weights.touch()
    file.write_text(file.read_text().replace("weights: null", "weights: checkpoints/small.ckpt"))
    assert weights_of(file) == weights
    assert weights_of(study.folder) is None
    stranger = tmp_path / file.name
    file.rename(stranger)
    assert weights_of(stranger) is None
