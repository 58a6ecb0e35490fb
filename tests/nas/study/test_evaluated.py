"""What a user's own evaluator may return, report and raise, and how its scores are ranked and shown."""

from __future__ import annotations

import json
import math
import re
from functools import partial

import numpy as np
import optuna
import pytest
import torch

from nas import search
from nas.cli.progress import Lines, block_lines, watched
from nas.cli.report_text import print_study
from nas.cli.search import result_data, result_lines
from nas.report.figures import FIGURES
from nas.report.page import page
from nas.report.pareto_front import pareto_front
from nas.study import StudyError, open_study
from nas.study.propose.samplers import SAMPLERS
from search_spaces import UserError, cost
from search_spaces.files.strict_yaml import parse


@pytest.fixture
def run(space, tmp_path):
    """Search the tiny space by an evaluator, in this test's folder."""

    def searched(evaluate, folder="study", **options):
        return search(space, evaluate=evaluate, out=tmp_path / folder, **{"trials": 3, "retrain": 0, **options})

    return searched


def loss(architecture, seed, report, epochs=0):
    """The fewer multiply-adds, the more; a little noise."""
    final = 1e7 / cost(architecture).macs + seed % 7 / 1e3
    for epoch in range(1, epochs + 1):
        if not report(epoch, final * (1 + epochs - epoch)):
            break
    return final


def reasons(study):
    return [record.reason for record in study.records if record.state == "failed"]


class Once:
    """Does it once, then returns a score, so that a study ends with one failed trial."""

    def __init__(self, act):
        self.act = act

    def __call__(self, architecture, seed, report):
        act, self.act = self.act, None
        return act(report) if act else 0.5


def outcome(run, act, **options):
    """The record of the trial in which an evaluator acted so."""
    return run(Once(act), evaluator_name="once", **options).records[0]


NUMBERS = [
    90.5,
    -2.5,
    3,
    np.float32(0.5),
    np.array(7),
    np.int64(2),
    torch.tensor(0.25),
    torch.tensor(1.5).requires_grad_(),
]


@pytest.mark.parametrize("score", NUMBERS, ids=repr)
def test_a_score_is_a_number_of_any_kind_and_scale(run, score):
    study = run(lambda architecture, seed, report: score, evaluator_name="number")
    expected = float(score.item() if hasattr(score, "item") else score)
    assert {record.top1 for record in study.records} == {expected}
    assert all(type(record.top1) is float for record in study.records)


WRONG = [None, True, np.True_, torch.tensor(True), math.nan, math.inf, -math.inf, 1e308, 10**400, "0.5", [0.5], 1j]


@pytest.mark.parametrize("score", [*WRONG, np.array([0.5]), torch.tensor([0.5])], ids=lambda score: repr(score)[:20])
def test_what_is_no_score_fails_its_trial_and_is_named(run, score):
    record = outcome(run, lambda report: score)
    shown = re.escape(repr(score)[:20])
    assert re.match(
        rf"evaluate returned {shown}.* for trial 0, not a finite number from -1e\+100 to 1e\+100$", record.reason
    )
    assert record.state == "failed"


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ([(0, 0.5)], "report(0, 0.5): epochs count from 1 and rise by one, so that 1 is next"),
        ([(1, 0.5), (1, 0.6)], "report(1, 0.6): epochs count from 1 and rise by one, so that 2 is next, after epoch 1"),
        ([(1, 0.5), (3, 0.6)], "report(3, 0.6): epochs count from 1 and rise by one, so that 2 is next, after epoch 1"),
        ([(1.0, 0.5)], "report(1.0, 0.5): epochs count from 1 and rise by one, so that 1 is next"),
        ([(True, 0.5)], "report(True, 0.5): epochs count from 1 and rise by one, so that 1 is next"),
        ([(1, math.nan)], "report(1, nan), not a finite number from -1e+100 to 1e+100"),
        ([(1, "x")], "report(1, 'x'), not a finite number from -1e+100 to 1e+100"),
    ],
)
def test_a_wrong_report_fails_its_trial_and_is_named(run, calls, reason):
    record = outcome(run, lambda report: [report(*call) for call in calls])
    assert (record.state, record.reason) == ("failed", reason)


def raising(error, epochs, report):
    for epoch in range(1, epochs + 1):
        report(epoch, epoch / 10)
    raise error


@pytest.mark.parametrize(
    ("error", "epochs", "reason"),
    [
        (RuntimeError("too hot\nsecond line"), 2, "RuntimeError: too hot, after epoch 2"),
        (SystemExit(3), 1, "SystemExit: 3, after epoch 1"),
        (KeyError("x"), 0, "KeyError: 'x'"),
        (ValueError(), 0, "ValueError"),
        (UserError("a mistake"), 1, "UserError: a mistake, after epoch 1"),
    ],
)
def test_what_it_raises_is_the_reason_with_type_message_and_epoch(run, error, epochs, reason):
    record = outcome(run, partial(raising, error, epochs))
    assert (record.state, record.reason, record.epochs) == ("failed", reason, epochs)


@pytest.mark.parametrize(("epochs", "top1", "when"), [(2, 0.2, "after epoch 2"), (0, None, "before its first epoch")])
def test_optunas_trial_pruned_prunes(run, epochs, top1, when):
    record = outcome(run, partial(raising, optuna.TrialPruned(), epochs))
    assert (record.state, record.top1, record.reason) == ("pruned", top1, f"pruned {when}")


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_goes_on_after_trials_pruned_without_a_score(run, sampler):
    def prune(architecture, seed, report):
        if cost(architecture).macs % 3:
            raise optuna.TrialPruned
        return 0.5

    assert run(prune, trials=14, sampler=sampler).done == 14


def test_ctrl_c_ends_the_study_which_goes_on_later(run):
    with pytest.raises(KeyboardInterrupt, match="the same command goes on"):
        outcome(run, partial(raising, KeyboardInterrupt(), 1))
    assert run(lambda architecture, seed, report: 0.5, evaluator_name="once").done == 3


@pytest.mark.parametrize("size", [1e100, 1e-300])
def test_scores_of_any_size_end_in_a_study_and_a_page(run, size):
    study = run(lambda a, seed, report: size * (seed % 5 - cost(a).macs / 1e6) / 5, trials=14, retrain=2)
    assert study.state == "finished"
    assert study.noise.between_seeds is not None
    assert f"{study.base.top1:.6g}" in page(study)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_loss_is_minimised_by_every_sampler_and_its_base_is_the_smallest(run, sampler):
    study = run(loss, trials=14, direction="minimize", sampler=sampler)
    assert study.base.top1 == min(record.top1 for record in study.records if record.state == "complete")
    assert (study.question.direction, study.question.objective) == ("minimize", "score")
    assert open_study(study.folder).question == study.question


def test_samplers_see_a_loss_as_what_it_is(run):
    """The same numbers with the other sign ask for the same networks."""
    gain = lambda architecture, seed, report: -loss(architecture, seed, report)  # noqa: E731
    for sampler in SAMPLERS:
        less = run(loss, f"less-{sampler}", trials=16, direction="minimize", sampler=sampler, evaluator_name="x")
        more = run(gain, f"more-{sampler}", trials=16, sampler=sampler, evaluator_name="x")
        assert [record.digest for record in less.records] == [record.digest for record in more.records]


def test_retraining_pruning_front_and_display_follow_the_direction(run):
    study = run(partial(loss, epochs=4), trials=16, epochs=4, direction="minimize", retrain=2, seeds=2)
    complete = [record for record in study.records if record.state == "complete" and not record.replicate]
    best = sorted(complete, key=lambda record: record.top1)
    assert {record.source for record in study.records if record.replicate} == {best[0].trial, best[1].trial}
    pruned = [record for record in study.records if record.state == "pruned"]
    assert pruned
    assert min(record.top1 for record in pruned) > best[0].top1
    front = [point.top1 for point in pareto_front(study.records, sign=study.question.goal.sign)]
    assert front == sorted(front, reverse=True)
    assert front[-1] == best[0].top1
    shown = FIGURES["accuracy"].compute(study)
    assert [point.top1 for point in shown.front] == front
    assert watched(study.question, 16, 4, study.records).best == best[0]


def test_a_direction_is_for_an_evaluator_and_a_word(space, run):
    with pytest.raises(UserError, match=r"direction: must be one of maximize, minimize, got 'down'"):
        run(loss, direction="down")
    with pytest.raises(UserError, match=r"direction: is for the score of your own evaluator"):
        search(space, direction="minimize")
    with pytest.raises(UserError, match=r"objective: score is what your own evaluator returns"):
        search(space, objective="score")


def test_another_direction_is_another_study_and_the_default_changes_no_digest(run):
    study = run(loss)
    assert "direction" not in study.definition.identity()
    assert study.definition.identity()["objective"] == "top1"  # as in the first release
    with pytest.raises(UserError, match=r'differs in direction \(there null, asked "minimize"\)'):
        run(loss, direction="minimize")


def score_of(architecture, seed, report):
    return 90.5 + cost(architecture).macs / 1e6 if report(1, 45.25) else 45.25


def test_a_score_is_a_plain_number_wherever_it_is_shown(run, capsys):
    lines = []
    study = run(score_of, trials=6, retrain=2, progress=lines.append)
    state = watched(study.question, 6, None, study.records)
    with Lines(state) as display:
        for event in lines:
            display(event)
    print_study(study)
    print("\n".join((*result_lines(study), *block_lines(state), repr(study))))
    said = capsys.readouterr()
    text = f"{study.base.top1:.6g}"
    for part in (said.out, said.err, page(study), study._repr_html_()):
        shown = re.sub("<script>.*?</script>|<style>.*?</style>", "", part, flags=re.DOTALL)
        assert text in shown
        assert not re.search(r"top-1|top1|\d{4} %|Wilson| points", shown)
    assert f"base: trial {study.base.trial}, score {text} in the search" in said.out
    assert f"best so far score {text}, trial {study.base.trial}" in said.out
    assert f"complete score {text}" in said.err


def test_files_and_json_call_a_score_a_score(run):
    study = run(score_of, trials=6, retrain=2)
    base = parse((study.folder / "base.yaml").read_text())["provenance"]
    assert base["score"] == study.base.top1
    texts = (json.dumps(base), json.dumps(study.to_data()), json.dumps(result_data(study)))
    assert not any("top1" in text for text in texts)
    for figure in FIGURES.values():
        shown = figure.compute(study)
        assert shown is None or "top-1" not in json.dumps(figure.draw(shown))
    assert "<h2>Score against cost</h2>" in page(study)


def test_six_wrong_scores_end_the_study(run):
    with pytest.raises(StudyError, match="6 failed trainings: evaluate returned None for trial 0"):
        run(lambda architecture, seed, report: None)


def test_an_exception_that_cannot_be_written_as_text_is_a_failed_trial_all_the_same(run):
    class Unspeakable(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    def score(architecture, seed, report):
        raise Unspeakable

    with pytest.raises(StudyError, match=r"Unspeakable: its text cannot be made \(RuntimeError\)"):
        run(score, evaluator_name="mine")
