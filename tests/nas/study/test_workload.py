"""How much a study trains, and a time that all of it keeps to."""

from __future__ import annotations

import time

import pytest

from nas.cli.progress import watched
from nas.search import search
from nas.study.log import read_log
from nas.study.plan import plan
from nas.study.pruners import PRUNERS
from nas.study.question import Question
from nas.study.run_options import RunOptions
from nas.study.workload import (
    TimeBudget,
    Workload,
    longest_epoch,
    measured_epoch,
    seconds_an_epoch,
    workload,
    workload_of,
)


def test_by_halving_a_quarter_goes_on_from_each_rung():
    """Of 32 trials of 16 epochs: 32 to epoch 1, 8 to epoch 4, 2 to the last."""
    assert PRUNERS["halving"].workload(32, 16, 1) == 32 * 1 + 8 * 3 + 2 * 12
    assert PRUNERS["halving"].workload(32, 16, 4) == 32 * 1 + 8 * 3 + 4 * 12
    assert PRUNERS["pasha"].workload(32, 16, 1) == 32 * 1 + 8 * 3 + 1 * 12


@pytest.mark.parametrize("name", PRUNERS)
def test_no_pruner_is_said_to_train_more_than_all_to_the_end_or_less_than_the_wanted(name):
    for trials, epochs, wanted in ((1, 1, 1), (3, 5, 2), (40, 30, 2), (2, 8, 9)):
        assert min(wanted, trials) * epochs <= PRUNERS[name].workload(trials, epochs, wanted) <= trials * epochs


def test_the_work_of_a_study_has_all_its_parts():
    question = Question("mbconv", pruner="none", retrain=3, seeds=2)
    assert workload(question, 10, 4, 2.5, baseline=True) == Workload(40, 24, 10, 64)
    assert Workload(40, 24, 10, 64).seconds(2.0, 2) == 2 * (128 / 2 + 10)


def test_time_left_includes_all_and_is_near_what_was_expected_from_the_first_trial_on(record):
    question = Question("mbconv", pruner="none", retrain=1, seeds=2)
    state = watched(question, 10, 4, [])
    state.work, state.epoch, state.trainers = Workload(40, 8, 12), 1.0, 2
    assert state.seconds_left() == 48 / 2 + 12
    state.folded.records[0] = record(0, curve=(0.1,) * 4, seconds=8.0)  # twice as slow: half of it is believed
    assert state.seconds_left() == 1.5 * (44 / 2 + 12)
    for trial in range(1, 10):
        state.folded.records[trial] = record(trial, curve=(0.1,) * 4, seconds=8.0)
    assert state.seconds_left() == pytest.approx((4 * 1 + 40 * 2) / 44 * (8 / 2 + 12))
    for seed in (1, 2):
        state.folded.records[9 + seed] = record(9 + seed, curve=(0.1,) * 4, seconds=8.0, source=0, replicate=seed)
    state.take({"event": "final_epoch", "epoch": 3, "epochs": 4})
    assert state.seconds_left() == pytest.approx((4 * 1 + 48 * 2) / 52 * 12 / 4)


def test_the_search_ends_in_time_for_what_comes_after_it():
    """Ten seconds an epoch: one more training of 4 epochs, 8 epochs again by two trainers, and a final one of 3."""
    work, now = Workload(search=40, retraining=8, final=3), time.monotonic()
    needed = 10 * 4 + 10 * 8 / 2 + 10 * 3
    assert TimeBudget(1000, now - 1000 + needed - 5).ends_search(work, 10, 10.0, 2)
    assert not TimeBudget(1000, now - 1000 + needed + 5).ends_search(work, 10, 10.0, 2)
    assert not TimeBudget(1000, now - 400).ends_search(Workload(40, 800, 800), 10, 10.0, 2)  # half is the search's
    assert not TimeBudget(1000, now - 999).ends_search(work, 10, None, 2)
    assert TimeBudget(1000, now - 1000).ends_search(work, 10, None, 2)
    assert not TimeBudget().ends_search(work, 10, 10.0, 2)


def test_a_time_holds_for_search_and_retraining_together(space, tmp_path):
    def slow(architecture, seed, report):
        time.sleep(0.1)
        return seed % 100 / 100

    study = search(space, evaluate=slow, time=3.0, trials=36, retrain=3, seeds=3, out=tmp_path / "study")
    times = [event["time"] for event in read_log(tmp_path / "study" / "log.jsonl").events]
    assert times[-1] - times[0] < 2 * 3.0  # with a margin for busy machines; the page is written after it
    assert study.state == "time"
    assert study.choice.replicates > 0
    assert seconds_an_epoch(study.records) > 0.1


def test_a_step_is_timed_where_networks_are_trained_here(space, tmp_path):
    options = RunOptions(trials=4, final="none")
    asked = plan(space, "0.2MFLOPs", data="digits", epochs=2, pruner="none", device="cpu", out=tmp_path / "study")
    assert 0 < measured_epoch(asked) < longest_epoch(asked) < 60
    assert workload_of(asked, options) == Workload(8, 8)
    scored = plan(space, "0.2MFLOPs", evaluate=lambda a, seed, report: 1.0, out=tmp_path / "study")
    assert (measured_epoch(scored), longest_epoch(scored), workload_of(scored, options)) == (None, None, None)
