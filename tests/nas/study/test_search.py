"""Whole studies with an evaluator that answers at once."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from nas.search import search
from nas.study import StudyError, open_study
from nas.study.log import encode, read_log
from nas.study.propose.samplers import SAMPLERS
from nas.training.recipes import RECIPES
from search_spaces import Budget, UserError, cost, digest, load

BUDGET = "0.13MFLOPs"


@pytest.fixture
def run(space, by_cost, tmp_path):
    """Search the tiny space in this test's folder."""

    def searched(folder="study", budgets=BUDGET, evaluate=by_cost, **arguments):
        options = {"trials": 12, "retrain": 0, "seeds": 0, **arguments}
        return search(space, budgets, evaluate=evaluate, out=tmp_path / folder, **options)

    return searched


def outcome(study):
    return [{k: v for k, v in r.to_data().items() if k != "seconds"} for r in study.records]


def states(study):
    return Counter(record.state for record in study.records)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_study_trains_what_was_asked_for_within_the_budget(run, space, sampler):
    study = run(sampler=sampler)
    trained = [r for r in study.records if r.state == "complete"]
    assert (study.state, study.done, len(trained)) == ("finished", 12, 12)
    assert len({r.training_key for r in trained}) == 12
    for record in trained:
        architecture = space.decide(record.decisions)
        assert Budget.parse(BUDGET).fits(cost(architecture))
        assert (record.macs, record.params) == (cost(architecture).macs, cost(architecture).params)
        assert record.digest == digest(architecture)


def test_the_base_is_the_best_and_its_file_loads(run, space, tmp_path):
    study = run()
    assert study.base.top1 == max(r.top1 for r in study.records if r.state == "complete")
    assert load(str(tmp_path / "study" / "base.yaml")) == space.decide(study.base.decisions)


def test_over_budget_proposals_are_recorded_and_neither_trained_nor_counted(run):
    seen = []
    study = run(evaluate=lambda a, seed, report: seen.append(cost(a).macs) or cost(a).macs / 1e7, sampler="tpe")
    over = [r for r in study.records if r.state == "infeasible"]
    assert over
    assert all(r.top1 is None and r.macs > 130_000 and r.reason == "outside 130KFLOPs" for r in over)
    assert len(seen) == 12
    assert max(seen) <= 130_000


def test_repeated_proposals_take_the_score_that_is_known(run):
    study = run(budgets=(), trials=30, sampler="tpe")
    repeats = [r for r in study.records if r.state == "reused"]
    assert repeats
    for record in repeats:
        source = study.records[record.source]
        assert (record.training_key, record.top1) == (source.training_key, source.top1)
    assert study.done == 30


def test_a_space_that_is_used_up_ends_the_study_saying_so(run, tmp_path):
    study = run(budgets=(), trials=500)
    assert study.state == "exhausted"
    assert study.done == 36
    events = read_log(tmp_path / "study" / "log.jsonl").events
    assert "all 36 of them" in next(e["reason"] for e in events if e["event"] == "exhausted")


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_feasible_set_no_larger_than_the_trials_is_enumerated(run, space, sampler):
    costs = [(cost(architecture).macs, digest(architecture)) for architecture in space]
    expected = {key for macs, key in costs if macs <= 80_000}
    study = run(budgets="80KFLOPs", trials=len(expected), sampler=sampler)
    assert (study.state, study.done) == ("finished", len(expected))
    assert {record.digest for record in study.records} == expected
    assert len(study.records) == len(expected)
    ended = run("more", budgets="80KFLOPs", trials=len(expected) + 1, sampler=sampler)
    assert (ended.state, ended.done) == ("exhausted", len(expected))


def test_a_tight_budget_of_a_large_space_is_exhausted_without_hope_or_rejection(by_cost, tmp_path):
    """Two budgets that a handful of the 10¹³ vectors of mbconv meet."""
    study = search(
        "mbconv",
        ("398..398.00002MFLOPs",),
        evaluate=by_cost,
        out=tmp_path / "tight",
        trials=3,
        retrain=0,
        seeds=0,
    )
    assert (study.state, study.done) == ("finished", 3)
    assert all(398_000_000 <= record.macs <= 398_000_020 for record in study.records)


@pytest.mark.parametrize("sampler", [name for name, sampler in SAMPLERS.items() if sampler.stays_within])
def test_samplers_that_stay_within_propose_nothing_over_the_budget(run, sampler):
    study = run(sampler=sampler, trials=18, budgets="0.16MFLOPs")
    assert states(study) == {"complete": 18}


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_resumes_where_it_was_cut(run, sampler):
    run(sampler=sampler, trials=13)
    assert outcome(run(sampler=sampler, trials=17)) == outcome(run("whole", sampler=sampler, trials=17))


def test_the_same_seed_gives_the_same_study_and_another_seed_another(run):
    assert outcome(run("a", seed=1)) == outcome(run("b", seed=1)) != outcome(run("c", seed=2))


def test_a_finished_study_is_returned_untouched_and_a_larger_number_extends_it(run, tmp_path):
    study = run(trials=6)
    size = (tmp_path / "study" / "log.jsonl").stat().st_size
    assert run(trials=6) == study
    assert run(trials=3) == study
    assert (tmp_path / "study" / "log.jsonl").stat().st_size == size
    assert outcome(run(trials=12)) == outcome(run("whole", trials=12))


def test_what_a_kill_left_half_written_goes_at_the_next_start(run, tmp_path):
    run(trials=3)
    program = (
        "import os, sys; from pathlib import Path; from nas.storage.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os._exit(9)"
    )
    for name in ("report.html", "checkpoints/00000-abc-0.ckpt"):
        subprocess.run([sys.executable, "-c", program, tmp_path / "study" / name], check=False)
    assert len(list((tmp_path / "study").rglob(".*.tmp"))) == 2
    run(trials=4)
    assert not list((tmp_path / "study").rglob(".*.tmp"))


class Died(BaseException):
    """Stands for a kill in the middle of an evaluation."""


@pytest.mark.parametrize("kill_at", [0, 3, 6, 9, 11])
def test_a_study_cut_anywhere_in_its_evaluations_ends_as_the_uncut_one(run, by_cost, kill_at):
    calls = iter(range(100))

    def mortal(architecture, seed, report):
        if next(calls) == kill_at:
            raise Died
        return by_cost(architecture, seed, report)

    with pytest.raises(Died):
        run(evaluate=mortal, evaluator_name="mine")
    assert outcome(run(evaluator_name="mine")) == outcome(run("whole", evaluator_name="mine"))


def test_a_damaged_log_is_survived_and_what_it_lost_is_named(run, tmp_path):
    run(trials=6)
    path = tmp_path / "study" / "log.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if b'"finished"' in line)
    path.write_bytes(b"".join([*lines[:at], b"@@@\n", *lines[at + 1 :], b'{"event": "fin']))
    study = run(trials=6)
    assert (study.state, study.done) == ("finished", 6)
    assert "damaged" in study.problems[0]
    assert (tmp_path / "study" / "log.damaged").read_bytes() == b'{"event": "fin\n'
    assert b"@@@\n" in path.read_bytes()


def test_retraining_measures_the_seeds_and_can_change_the_base(run, by_cost):
    noisy = lambda a, seed, report: by_cost(a, seed, report) + random.Random(seed).random()  # noqa: E731
    study = run(evaluate=noisy, retrain=3, seeds=4)
    again = [r for r in study.records if r.replicate > 0]
    assert study.done == 12
    assert Counter(r.replicate for r in again) == {1: 3, 2: 3, 3: 3, 4: 3}
    best = sorted((r for r in study.records if r.counted), key=lambda r: -r.top1)[:3]
    assert {r.source for r in again} == {r.trial for r in best}
    assert len({r.seed for r in (*again, *best)}) == 15
    assert (study.noise.seeds, study.noise.retrained, study.noise.resolved) == (12, 3, False)
    assert study.choice.replicates == 4


def test_a_retraining_that_failed_is_made_again_by_the_next_run(run, by_cost, tmp_path):
    seen, failing = [], [True]

    def score(architecture, seed, report):
        again = digest(architecture) in seen
        seen.append(digest(architecture))
        if again and failing[0]:
            raise RuntimeError("no luck")
        return by_cost(architecture, seed, report)

    first = run(evaluate=score, trials=6, retrain=1, seeds=2)
    assert (first.state, states(first)["failed"], first.choice.replicates) == ("finished", 2, 0)
    failing[0] = False
    second = run(evaluate=score, trials=6, retrain=1, seeds=2)
    assert (second.done, second.choice.replicates, second.base.trial) == (6, 2, first.base.trial)
    assert run(evaluate=score, trials=6, retrain=1, seeds=2) == second


def test_a_retraining_that_always_fails_is_given_up(run, by_cost):
    seen = []

    def score(architecture, seed, report):
        seen.append(digest(architecture))
        if seen.count(seen[-1]) > 1:
            raise RuntimeError("no luck")
        return by_cost(architecture, seed, report)

    for _ in range(5):
        study = run(evaluate=score, trials=6, retrain=1, seeds=2)
    assert (study.state, states(study)["failed"]) == ("finished", 3 * 2)


@pytest.mark.parametrize("further", [{"retrain": 3}, {"seeds": 3}, {"trials": 8}, {"workers": 2}, {"keep": "none"}])
def test_a_study_goes_on_in_its_folder_with_what_its_trainings_hold_for(run, tmp_path, further):
    first = run(trials=6, retrain=1, seeds=1)
    options = {"trials": 6, "retrain": 1, "seeds": 1, **further}
    second = run(**options)
    assert second.records[: len(first.records)] == first.records
    assert len([r for r in second.records if r.replicate]) >= options["retrain"] * options["seeds"]
    assert (second.question.retrain, second.question.seeds) == (options["retrain"], options["seeds"])
    size = (tmp_path / "study" / "log.jsonl").stat().st_size
    assert run(**options) == second
    assert run(**options | {"retrain": 0}) == second  # nothing is missing
    assert (tmp_path / "study" / "log.jsonl").stat().st_size == size


def test_a_changed_question_says_that_its_trainings_are_not_used(run):
    run(trials=3)
    with pytest.raises(UserError, match=r"^the trainings in .*study are not used, for .*; it differs in sampler \("):
        run(trials=3, sampler="random")


def test_pruned_trainings_count_and_are_not_chosen(run, by_cost):
    def curve(architecture, seed, report):
        score = by_cost(architecture, seed, report)
        for epoch in (1, 2, 3, 4):
            if not report(epoch, score * epoch / 4):
                return score * epoch / 4
        return score

    study = run(evaluate=curve, trials=16, epochs=4)
    assert states(study)["pruned"] > 0
    assert states(study)["pruned"] + states(study)["complete"] == 16
    assert all(len(r.top1_by_epoch) < 4 for r in study.records if r.state == "pruned")
    assert states(run("none", evaluate=curve, trials=16, epochs=4, pruner="none"))["pruned"] == 0


def test_a_failed_training_does_not_count_and_is_not_tried_again(run, by_cost):
    def picky(architecture, seed, report):
        if cost(architecture).macs > 110_000:
            raise RuntimeError("too hot\nsecond line")
        return by_cost(architecture, seed, report)

    study = run(evaluate=picky, trials=5)
    failed = [r for r in study.records if r.state == "failed"]
    assert study.done == 5
    assert all(r.reason == "RuntimeError: too hot" for r in failed)
    assert len({r.training_key for r in failed}) == len(failed)


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -1e308])
def test_too_many_failures_stop_the_study_with_their_reasons(run, tmp_path, score):
    with pytest.raises(
        StudyError, match=r"6 failed trainings: evaluate returned (nan|inf|-1e\+308) for trial 0, not a finite number"
    ):
        run(evaluate=lambda a, seed, report: score)
    study = open_study(tmp_path / "study")
    assert (study.state, study.done, states(study)["failed"]) == ("failed", 0, 6)


def test_time_that_is_over_ends_with_the_base_of_what_there_is(run, by_cost):
    import time

    def slow(architecture, seed, report):
        time.sleep(0.05)
        return by_cost(architecture, seed, report)

    study = run(evaluate=slow, evaluator_name="mine", time=0.4)
    assert study.state == "time"
    assert 0 < study.done < 12
    assert study.base is not None
    assert outcome(run(evaluator_name="mine")) == outcome(run("whole", evaluator_name="mine"))


def test_ctrl_c_says_how_to_go_on(run, tmp_path):
    def interrupt(architecture, seed, report):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="stopped with 0 of 12 trainings done; the same command goes on"):
        run(evaluate=interrupt)
    assert open_study(tmp_path / "study").state == "interrupted"


def test_another_study_in_the_folder_is_refused_and_nothing_written(run, tmp_path):
    run(trials=3)
    before = {p: p.read_bytes() for p in (tmp_path / "study").iterdir() if p.is_file()}
    with pytest.raises(UserError, match=r"holds another study; it differs in seed \(there 0, asked 4\)"):
        run(seed=4)
    assert before == {p: p.read_bytes() for p in (tmp_path / "study").iterdir() if p.is_file()}


def test_a_folder_with_something_else_in_it_is_refused(run, tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "letter.txt").write_text("dear")
    with pytest.raises(UserError, match="is not empty and holds no study"):
        run()
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="a study needs a folder"):
        run("file")
    assert [p.name for p in (tmp_path / "study").iterdir()] == ["letter.txt"]


def test_progress_gets_every_event_of_the_log(run, tmp_path):
    events = []
    run(trials=3, progress=events.append)
    logged = read_log(tmp_path / "study" / "log.jsonl").events
    assert events == list(logged[1:])
    assert all(encode(event) for event in events)


def test_wrong_limits_are_refused(run, tmp_path):
    for wrong, message in (
        ({"trials": 0}, "trials: must be an integer of at least 1 and at most 1000000, got 0"),
        ({"time": -1.0}, "time: must be"),
        ({"keep": "some"}, "keep: must be one of"),
        ({"workers": 0}, "workers: must be auto or"),
    ):
        with pytest.raises(UserError, match=message):
            run(**wrong)
    assert not (tmp_path / "study").exists()


def test_an_error_of_the_driver_is_no_failed_training(run, tmp_path):
    """Also where it comes while the evaluator runs: the study stops with it, and no trial is held responsible."""

    def broken(event):
        if event["event"] == "epoch":
            raise RuntimeError("the display broke")

    def evaluate(architecture, seed, report):
        try:
            report(1, 0.5)
        except Exception:  # an evaluator that survives everything must not hide it either
            return 0.5
        return 0.5

    with pytest.raises(RuntimeError, match="the display broke"):
        run(evaluate=evaluate, progress=broken)
    assert states(open_study(tmp_path / "study"))["failed"] == 0


def test_the_log_says_how_many_failures_would_stop_the_study(run, tmp_path):
    run(trials=40, budgets=())
    opened = [e for e in read_log(tmp_path / "study" / "log.jsonl").events if e["event"] == "opened"]
    assert [(event["trials"], event["max_failures"]) for event in opened] == [(40, 10)]


def test_the_objective_ranks_everywhere(run, monkeypatch):
    """A new objective is one line of the table; base, retraining and display follow it."""
    from nas.cli.progress import watched
    from nas.study.objectives import OBJECTIVES

    monkeypatch.setitem(OBJECTIVES, "small", lambda record, limits: -record.macs)
    study = run(objective="small", retrain=2, seeds=2)
    searched = sorted((r for r in study.records if r.counted), key=lambda r: r.macs)
    assert study.base == searched[0]
    assert {r.source for r in study.records if r.replicate} == {r.trial for r in searched[:2]}
    assert watched(study.question, 12, None, study.records).best == searched[0]


def test_a_study_of_a_gpu_is_not_finished_without_one(run, tmp_path, monkeypatch):
    """It is refused before anything starts."""
    import torch

    from nas.search import conduct
    from nas.study.plan import plan
    from nas.study.run_options import RunOptions
    from search_spaces import load
    from search_spaces.files.strict_yaml import dump, parse

    study_plan = plan(load("nas-bench-macro"), "90MFLOPs", out=tmp_path / "gpu", epochs=1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (tmp_path / "gpu").mkdir()
    data = study_plan.definition.to_data() | {"settings": {"device": "cuda", "epochs": 1}}
    (tmp_path / "gpu" / "study.yaml").write_text(dump(data))
    assert parse((tmp_path / "gpu" / "study.yaml").read_text())["settings"]["device"] == "cuda"
    with pytest.raises(UserError, match=r"was begun on cuda and can go on there only: .*torch finds no GPU"):
        conduct(study_plan, RunOptions(trials=1))
    assert not (tmp_path / "gpu" / "log.jsonl").exists()


def test_a_reader_beside_a_writer_never_calls_a_sound_log_damaged(run, tmp_path):
    """A line that is just being written is no damage; the same end without a writer is."""
    from nas.storage.lock import locked

    run(trials=3)
    path = tmp_path / "study" / "log.jsonl"
    path.write_bytes(path.read_bytes() + b'{"event": "epo')
    with locked(tmp_path / "study"):
        assert open_study(tmp_path / "study").problems == ()
    assert "cut short" in open_study(tmp_path / "study").problems[0]


def test_a_study_that_begins_to_run_while_it_is_read_is_not_called_damaged(run, tmp_path, monkeypatch):
    """The lock was free when the reader looked; then a driver took it and was seen in the middle of a line."""
    from nas.storage import lock

    run(trials=3)
    path = tmp_path / "study" / "log.jsonl"
    path.write_bytes(path.read_bytes() + b'{"event": "epo')
    answers = iter([False, True])
    monkeypatch.setattr(lock, "is_held", lambda folder: next(answers))
    study = open_study(tmp_path / "study")
    assert (study.problems, study.done) == ((), 3)


def test_a_log_that_is_gone_is_missed(run, tmp_path):
    run(trials=3)
    (tmp_path / "study" / "log.jsonl").unlink()
    records = (tmp_path / "study" / "records.jsonl").read_bytes()
    with pytest.raises(UserError, match=r"has records.jsonl but no log.jsonl: put it back"):
        run(trials=3)
    assert (tmp_path / "study" / "records.jsonl").read_bytes() == records


def test_nas_search_is_the_function_whatever_is_imported_first():
    for first in ("nas", "nas.search", "nas.cli.search"):
        program = f"import {first}; from nas import search; print(callable(search))"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == "True\n"


@pytest.mark.parametrize("gone", ["removed", "renamed"])
def test_a_study_whose_folder_goes_away_stops_at_once(run, by_cost, tmp_path, gone):
    folder, calls = tmp_path / "study", []

    def evaluate(architecture, seed, report):
        calls.append(seed)
        if len(calls) == 3:
            shutil.rmtree(folder) if gone == "removed" else folder.rename(tmp_path / "elsewhere")
        return by_cost(architecture, seed, report)

    with pytest.raises(FileNotFoundError, match="the folder of the study was removed or renamed"):
        run(evaluate=evaluate)
    assert len(calls) == 3
    assert not folder.exists()


def test_a_changed_recipe_is_refused_by_the_field_that_differs(space, tmp_path):
    options = {"data": "digits", "epochs": 1, "trials": 1, "retrain": 0, "final": "none", "out": tmp_path / "study"}
    search(space, recipe="plain", **options)
    with pytest.raises(UserError, match=r"it differs in epochs \(there 1, asked 2\); another --out begins anew$"):
        search(space, recipe="plain", **{**options, "epochs": 2})
    slower = replace(RECIPES["plain"], lr=0.001)
    with pytest.raises(UserError, match=r"it differs in recipe lr \(there .*, asked 0\.001"):
        search(space, recipe=slower, **options)
