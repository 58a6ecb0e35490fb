"""What the figures beside accuracy and curves show, as values."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product
from statistics import fmean

import pytest
from made_up_study import made_up, record

from nas.report.family import members_of, read_family
from nas.report.figures import accuracy_data, best_so_far, curves, effects, lineage, parallel, retrained, scaling
from nas.report.figures.figure import name_text, wrapped
from nas.report.figures.side_by_side import FIGURES, courses, groups_of
from nas.report.figures.timeline import spans_of
from nas.study.importance import BEST, MIN_TRAINED, importance
from nas.study.objectives import Objective
from scaling import family
from search_spaces import load, save
from search_spaces.known.networks.published import PUBLISHED


def test_the_best_so_far_only_rises_and_ends_where_the_search_does(study):
    shown = best_so_far.compute(study)
    scores = [score for _, score, _ in shown.steps]
    assert scores == sorted(scores)
    trained = [r for r in study.records if r.replicate == 0 and r.state in ("complete", "pruned")]
    assert shown.steps[-1][0] == pytest.approx(sum(r.epochs for r in trained) / 8)
    hours = best_so_far.compute(study, "seconds")
    assert hours.steps[-1][0] == pytest.approx(sum(r.seconds for r in trained) / 3600)
    minimize = replace(study.definition, question=replace(study.question, direction="minimize"))
    falling = [score for _, score, _ in best_so_far.compute(replace(study, definition=minimize)).steps]
    assert falling == sorted(falling, reverse=True)


def test_random_search_is_expected_as_the_best_of_so_many_draws_is():
    """Against every draw there is."""
    scores = [0.1, 0.4, 0.5, 0.7, 0.9]
    rows = best_so_far.expected_best(scores, 2.0)
    for n, (spent, low, mean, high) in enumerate(rows, start=1):
        best = [max(draw) for draw in product(scores, repeat=n)]
        assert spent == 2.0 * n
        assert mean == pytest.approx(fmean(best))
        assert low <= mean <= high
    least = best_so_far.expected_best([1 - score for score in scores], 2.0, -1)
    assert [row[2] for row in least] == pytest.approx([1 - row[2] for row in rows])


def test_random_search_is_not_drawn_where_the_pruner_has_chosen(study):
    uniform = [record(n, "complete", 10**8, n / 100, origin="random") for n in range(10)]
    assert best_so_far.compute(replace(study, records=tuple(uniform))).random
    pruned = replace(uniform[0], state="pruned")
    assert not best_so_far.compute(replace(study, records=(pruned, *uniform[1:]))).random
    assert not best_so_far.compute(replace(study, records=tuple(uniform[:7]))).random


def test_far_budgets_and_references_are_named_and_squeeze_nothing(study):
    far = replace(study.definition, budgets=("400GFLOPs",))
    shown = accuracy_data.compute(replace(study, definition=far))
    assert (shown.limit, shown.far_limit) == (None, 4e11)
    assert shown.x_range[1] < 5e8
    low = replace(study.reference, top1=0.1, low=0.08, high=0.12)
    shown = accuracy_data.compute(replace(study, reference=low))
    assert (shown.reference, shown.far_reference) == (None, low)
    assert shown.y_range[0] > 0.5


def test_the_space_is_shown_by_what_its_networks_cost(study):
    shown = accuracy_data.compute(study)
    share = sum(share for _, share in shown.space)
    assert 0 < share <= 1
    assert all(shown.x_range[0] < cost < shown.x_range[1] for cost, _ in shown.space)


def test_latency_is_an_axis_where_it_was_measured(study):
    assert accuracy_data.of_latency(study) is None
    timed = tuple(replace(r, latency_ms=5.0 + r.trial) for r in study.records if r.trial % 2)
    shown = accuracy_data.of_latency(replace(study, records=timed))
    assert all(point.cost == 5.0 + point.trial for points in shown.points.values() for point in points)
    assert not shown.known


def test_curves_of_losses_and_rungs(study):
    records = [replace(r, loss_by_epoch=tuple(1 / (n + 1) for n in range(r.epochs))) for r in study.records]
    halved = replace(study.definition, question=replace(study.question, pruner="halving"))
    shown = curves.of_loss(replace(study, records=tuple(records), definition=halved))
    assert shown[-1].top1 == tuple(1 / (n + 1) for n in range(8))
    assert shown[-1].rungs == (3,)
    assert curves.of_loss(study) is None


def test_more_curves_than_a_figure_holds_are_left_out_evenly(study):
    many = tuple(record(n, "complete", 10**8, 0.5) for n in range(400))
    shown = curves.compute(replace(study, records=many, base=many[399]))
    assert len(shown) == curves.MAX_CURVES
    assert shown[-1].trial == 399
    assert "250 more are in the table" in curves.captions(shown)[0]


def test_what_matters_is_found():
    """One of three decisions makes the score; the others are noise."""
    rng = random.Random(0)
    records = []
    for n in range(60):
        decisions = {name: rng.choice("abc") for name in ("real", "idle", "other")}
        score = "abc".index(decisions["real"]) / 10 + rng.gauss(0, 0.01)
        records.append(record(n, "complete", 10**8, score, decisions=decisions))
    shares = importance(records, Objective("top1"))
    assert next(iter(shares)) == "real"
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["real"] > 0.8
    assert importance(records[: MIN_TRAINED - 1], Objective("top1")) == {}
    assert next(iter(importance(records, Objective("top1", "minimize")))) == "real"


def test_importance_is_what_optuna_s_evaluator_gives(tmp_path):
    import optuna
    from optuna.distributions import CategoricalDistribution

    study = made_up(tmp_path, 60)
    shares = importance(study.records, study.question.goal)
    complete = [r for r in study.records if r.state == "complete" and not r.replicate]
    labels = {name: CategoricalDistribution(sorted({r.decisions[name] for r in complete})) for name in shares}
    asked = optuna.create_study(direction="maximize")
    for r in complete:
        params = {name: r.decisions[name] for name in shares}
        asked.add_trial(optuna.trial.create_trial(value=r.top1, params=params, distributions=labels))
    expected = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=BEST).evaluate(asked)
    total = sum(expected.values())
    assert len(shares) > 20
    assert shares == pytest.approx({name: share / total for name, share in expected.items()}, rel=1e-9, abs=1e-12)


def test_effects_stand_beside_shares(study):
    shown = effects.compute(study)
    assert len(shown.bars) <= effects.SHOWN
    assert all(bar.low <= bar.gain <= bar.high for bar in shown.bars)


def test_parallel_lines_end_at_their_score(study):
    shown = parallel.compute(study)
    best = [r for r in study.records if r.state == "complete" and not r.replicate]
    assert len(shown.lines) == len(best)
    heights = {trial: line[-1] for trial, line, _ in shown.lines}
    top = max(best, key=lambda r: r.top1)
    assert heights[top.trial] == 1.0
    assert all(0 <= height <= 1 for _, line, _ in shown.lines for height in line)


def test_retrained_networks_are_compared_with_their_search_scores(study):
    shown = retrained.compute(study)
    by_trial = {r.trial: r.top1 for r in study.records}
    assert [n.searched for n in shown.networks] == [by_trial[n.trial] for n in shown.networks]
    assert "too few" in retrained.captions(shown)[0]


def test_the_timeline_knows_deaths_and_stops_and_leaves_pauses_out():
    def event(kind, time, **fields):
        return {"event": kind, "time": time, **fields}

    events = [
        event("opened", 100.0),
        event("started", 110.0, trial=0, where="a"),
        event("retried", 120.0, trial=0),
        event("started", 121.0, trial=0, where="b"),
        event("finished", 131.0, trial=0, record={"state": "complete"}),
        event("started", 132.0, trial=1, where="b"),
        event("epoch", 140.0, trial=1),
        event("opened", 9000.0),
        event("started", 9001.0, trial=1, where="c"),
    ]
    spans, resumed = spans_of(events)
    assert [(s.trainer, s.trial, s.begin, s.end, s.ending) for s in spans] == [
        ("a", 0, 10.0, 20.0, "died"),
        ("b", 0, 21.0, 31.0, "complete"),
        ("b", 1, 32.0, 40.0, "stopped"),
        ("c", 1, 41.0, 41.0, "running"),
    ]
    assert resumed == [40.0]


def test_a_family_is_read_as_it_was_written(tmp_path):
    base = load("efficientnet-b0")
    for member in family(base)[:3]:
        save(member.architecture, tmp_path / f"{member.variant}.yaml", member.provenance())
    (tmp_path / "other.yaml").write_text("a: 1\n")
    members = read_family(tmp_path)
    expected = members_of(base)[:3]
    assert [(m.name, m.macs, m.nominal, m.realised) for m in members] == [
        (m.name, m.macs, m.nominal, m.realised) for m in expected
    ]
    assert scaling.trained_members(members) is None


def test_trained_members_of_other_conditions_stand_on_other_lines():
    one, two, three = members_of(load("efficientnet-b0"))[:3]
    alike = [replace(one, top1=0.7, trained="A"), replace(two, top1=0.8, trained="A")]
    shown = scaling.trained_members([*alike, replace(three, top1=0.9, trained="B")])
    lines = scaling.draw_accuracy(shown)["data"]
    assert [(line["name"], len(line["x"])) for line in lines] == [("A", 2), ("B", 1)]


def test_the_lineage_is_as_published():
    shown = {known.name: known for known in lineage.compute(None).networks}
    assert shown["alexnet-2012"].number == 40.7
    assert shown["alexnet"].number == round(100 - 56.522, 3)
    assert all(known.year == PUBLISHED[name].year for name, known in shown.items())
    assert {known.number for known in lineage.compute(None, "macs").networks} >= {385_814_752}


def test_studies_side_by_side_are_grouped_by_what_is_comparable(study):
    longer = replace(study.definition, settings={**study.definition.settings, "epochs": 80})
    studies = [study, replace(study, definition=longer), study]
    assert groups_of(studies) == [0, 1, 0]
    lines = courses(studies)
    for figure in FIGURES.values():
        assert figure.captions(lines)[0].startswith("Lines of one kind")
        assert len(figure.draw(figure.compute(studies))["data"]) == 3


def test_markup_in_a_name_is_text_in_a_figure():
    assert name_text("<b>x</b>\x1b") == "&lt;b&gt;x&lt;/b&gt;\\x1b"
    assert len(name_text("y" * 500)) == 60


def test_names_are_broken_between_words_and_before_brackets():
    assert wrapped("stage 2 block: mbconv over bottleneck(se_ratio=0.25)", 24).split("<br>") == [
        "stage 2 block: mbconv",
        "over bottleneck",
        "(se_ratio=0.25)",
    ]
    assert wrapped("a<b c", 3) == "a&lt;b<br>c"
