"""Rungs: who stops, who goes on, and what a study with them leaves."""

from __future__ import annotations

import time

import pytest

from nas import search
from nas.study import rungs
from nas.study.curves import signals
from nas.study.log import read_log
from nas.study.pruners import PRUNERS
from search_spaces import cost

EPOCHS = 16  # rungs after epochs 1, 4 and 16


def at(record, trial, losses, state="pruned", **fields):
    """A record that has come as far as its losses; its validation scores say the opposite."""
    curve = tuple(0.1 + loss / 10 for loss in losses)
    return record(trial, state, curve[-1], curve, loss_by_epoch=tuple(losses), **fields)


@pytest.mark.parametrize(
    ("epochs", "expected"),
    [(1, (1,)), (2, (1, 2)), (4, (1, 4)), (6, (1, 2, 6)), (8, (1, 2, 8)), (16, (1, 4, 16)), (100, (7, 25, 100))],
)
def test_rungs_are_a_sixteenth_a_quarter_and_all_of_the_epochs(epochs, expected):
    assert rungs.rungs(epochs) == expected


def test_trainings_are_ranked_by_their_loss_smoothed_over_the_last_quarter(record):
    one, other = at(record, 0, [3.0, 2.0, 1.0, 4.0]), at(record, 1, [3.0, 2.0, 1.0, 3.0])
    assert signals([one, other], 4) == [-4.0, -3.0]
    longer = at(record, 2, [5.0] * 6 + [2.0, 1.0])
    assert signals([longer], 8) == [-1.5]


def test_without_losses_they_are_ranked_by_their_scores(record):
    assert signals([record(0, top1=0.3), at(record, 1, [9.0])], 1) == [0.3, 1.0]


def test_one_of_four_goes_on(record):
    """The fourth at a rung is the first that may; the best of the four goes, whoever it is."""
    pruner = PRUNERS["halving"]
    stopped = [at(record, trial, [2.0 + trial]) for trial in range(3)]
    for trial in range(3):
        assert pruner.should_stop(stopped[: trial + 1], stopped[trial], EPOCHS)
    assert pruner.next_up(stopped, EPOCHS) is None
    best, worst = at(record, 3, [1.0], "running"), at(record, 3, [9.0], "running")
    assert not pruner.should_stop([*stopped, best], best, EPOCHS)
    assert pruner.should_stop([*stopped, worst], worst, EPOCHS)
    assert pruner.next_up([*stopped, at(record, 3, [9.0])], EPOCHS) == stopped[0]


def test_between_rungs_nobody_stops(record):
    pruner = PRUNERS["halving"]
    others = [at(record, trial, [1.0, 1.0]) for trial in range(8)]
    worst = at(record, 9, [9.0, 9.0], "running")
    assert not pruner.should_stop([*others, worst], worst, EPOCHS)


def test_a_failed_training_takes_no_place(record):
    stopped = [at(record, trial, [2.0 + trial], "failed" if trial < 3 else "pruned") for trial in range(4)]
    assert PRUNERS["halving"].next_up(stopped, EPOCHS) is None


def test_in_the_end_as_many_are_complete_as_are_wanted(record):
    pruner = PRUNERS["halving"]
    low, high = at(record, 0, [1.0]), at(record, 1, [3.0] * 4)
    assert pruner.closing([low, high], EPOCHS, 1) == high  # it has come further
    whole = at(record, 1, [3.0] * EPOCHS, "complete")
    assert pruner.closing([low, whole], EPOCHS, 1) is None
    assert pruner.closing([low, whole], EPOCHS, 2) == low


def test_checkpoints_of_the_better_half_of_the_stopped_are_needed(record):
    stopped = [at(record, trial, [1.0 + trial]) for trial in range(5)]
    assert PRUNERS["halving"].may_go_on(stopped, EPOCHS) == {0, 1, 2}
    assert PRUNERS["median"].may_go_on(stopped, EPOCHS) == set()


def test_pasha_adds_a_rung_where_the_order_changes(record):
    """While epochs 1 and 4 agree nobody goes beyond 4; where they do not, the best does."""
    pruner = PRUNERS["pasha"]
    agreeing = [at(record, trial, [1.0 + trial, 1.0, 1.0, 1.0 + trial]) for trial in range(4)]
    assert pruner.next_up(agreeing, EPOCHS) is None
    assert pruner.should_stop(agreeing, agreeing[0], EPOCHS)
    crossing = [at(record, trial, [5.0 - trial, 1.0, 1.0, 1.0 + trial]) for trial in range(4)]
    assert pruner.next_up(crossing, EPOCHS) == crossing[0]
    assert not pruner.should_stop(crossing, crossing[0], EPOCHS)


def test_an_order_that_changes_by_little_is_no_change(record):
    losses = [(1.0, 1.01), (1.001, 1.0), (5.0, 5.0), (9.0, 9.0)]
    close = [at(record, trial, [first, 1.0, 1.0, last]) for trial, (first, last) in enumerate(losses)]
    assert PRUNERS["pasha"].next_up(close, EPOCHS) is None


@pytest.fixture
def halved(space, tmp_path):
    """A study by rungs whose evaluator counts its calls, and ends or is interrupted after a number of epochs."""
    calls = []

    def evaluate(architecture, seed, report):
        score = cost(architecture).macs / 1e7
        for epoch in range(1, EPOCHS + 1):
            calls.append(epoch)
            if len(calls) == evaluate.most:
                raise KeyboardInterrupt
            if not report(epoch, score * epoch / EPOCHS):
                return score * epoch / EPOCHS
        return score

    def run(folder, most=-1, **options):
        evaluate.most = most
        calls.clear()
        options = {"trials": 16, "retrain": 0, "pruner": "halving", "epochs": EPOCHS, **options}
        return search(space, "0.2MFLOPs", evaluate=evaluate, out=tmp_path / folder, **options)

    return run


@pytest.mark.parametrize("pruner", ["halving", "pasha"])
def test_a_study_by_rungs_counts_each_candidate_once_and_ends_with_a_whole_one(halved, pruner):
    study = halved("study", pruner=pruner)
    assert (study.state, study.done) == ("finished", 16)
    by_epochs = [sum(r.epochs >= rung for r in study.records if r.counted) for rung in (1, 4, 16)]
    assert by_epochs[0] == 16
    assert 4 <= by_epochs[1] < 8  # the first may be overtaken once they went on
    assert 1 <= by_epochs[2] < 4
    assert study.base.epochs == EPOCHS
    assert study.base.top1 == max(r.top1 / r.epochs * EPOCHS for r in study.records if r.counted)


def test_the_best_go_on_before_the_next_candidate_is_proposed(halved):
    study = halved("study")
    events = read_log(study.folder / "log.jsonl").events
    continued = [event["trial"] for event in events if event["event"] == "continued"]
    assert {study.records[trial].continued for trial in continued} <= {1, 4}
    assert len(continued) == len(set(continued)) or study.records[continued[-1]].continued == 4


def test_as_many_are_whole_as_are_to_be_trained_again(halved):
    study = halved("study", retrain=3, seeds=1)
    assert sum(r.state == "complete" and r.replicate == 0 for r in study.records) == 3


@pytest.mark.parametrize("most", [1, 7, 18, 30, 41])
def test_a_study_by_rungs_that_was_interrupted_ends_as_one_that_was_not(halved, most):
    def outcome(study):
        return [{k: v for k, v in r.to_data().items() if k != "seconds"} for r in study.records]

    whole = halved("whole")
    with pytest.raises(KeyboardInterrupt):
        halved("study", most=most)
    assert outcome(halved("study")) == outcome(whole)


def test_a_larger_number_of_trials_goes_on_with_those_that_were_stopped(halved):
    halved("study", trials=8)
    study = halved("study", trials=16)
    assert study.done == 16
    assert sum(r.epochs >= 4 for r in study.records if r.counted) >= 4


def test_a_training_that_was_stopped_and_goes_on_ends_as_one_that_was_never_stopped(space, tmp_path):
    """Real trainings, from their checkpoints, bit for bit."""

    def curves(pruner):
        study = search(
            space, data="digits", recipe="plain", epochs=4, sampler="random", pruner=pruner, trials=5, retrain=0,
            final="none", workers=1, device="cpu", out=tmp_path / pruner,
        )  # fmt: skip
        return {r.digest: (r.continued, r.top1_by_epoch, r.loss_by_epoch) for r in study.records}

    whole, stopped = curves("none"), curves("halving")
    assert whole.keys() == stopped.keys()
    assert any(continued for continued, _, _ in stopped.values())
    for digest, (_, top1, loss) in stopped.items():
        assert whole[digest] == (0, (*top1, *whole[digest][1][len(top1) :]), (*loss, *whole[digest][2][len(loss) :]))


def test_a_study_whose_time_is_up_trains_one_of_those_it_stopped_to_the_end(space, tmp_path):
    def evaluate(architecture, seed, report):
        time.sleep(0.05)
        return 0.0 if all(report(epoch, 0.1 * epoch) for epoch in range(1, EPOCHS + 1)) else 0.1

    options = {"pruner": "halving", "epochs": EPOCHS, "trials": 30, "retrain": 0, "time": 0.12}
    study = search(space, evaluate=evaluate, out=tmp_path / "study", **options)
    assert (study.state, study.base.epochs) == ("time", EPOCHS)
    assert 1 <= study.done < 30
