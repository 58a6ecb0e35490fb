from __future__ import annotations

import subprocess
import sys

from nas.study.records import Record, fold


def proposed(trial, **fields):
    record = Record(trial=trial, state="running", **fields)
    return {"event": "proposed", "time": 1.0, "trial": trial, "record": record.to_data(), "architecture": {}}


def epoch(trial, number, top1, seconds):
    return {"event": "epoch", "time": 2.0, "trial": trial, "epoch": number, "top1": top1, "seconds": seconds}


def test_epochs_build_the_curve_and_a_repeated_one_counts_once():
    events = [proposed(0), epoch(0, 1, 0.1, 2.0), epoch(0, 1, 0.9, 2.0), epoch(0, 2, 0.3, 4.5)]
    record = fold(events).records[0]
    assert record.top1_by_epoch == (0.1, 0.3)
    assert (record.top1, record.epochs, record.seconds, record.state) == (0.3, 2, 4.5, "running")


def test_a_finished_event_alone_gives_its_record():
    record = Record(trial=7, state="complete", top1=0.5, top1_by_epoch=(0.5,), decisions={"a": "1"})
    folded = fold([{"event": "finished", "trial": 7, "record": record.to_data()}])
    assert folded.records == {7: record}
    assert folded.next_trial == 8


def test_unknown_events_and_fields_of_a_newer_release_change_nothing():
    data = {**Record(trial=0, state="failed").to_data(), "colour": "blue"}
    folded = fold([{"event": "dance", "time": 1.0}, {"event": "finished", "trial": 0, "record": data}])
    assert folded.records[0] == Record(trial=0, state="failed")


def test_an_epoch_without_its_proposal_is_survived_and_its_number_not_used_again():
    folded = fold([epoch(4, 1, 0.1, 1.0)])
    assert folded.records == {}
    assert folded.next_trial == 5


def test_a_record_of_a_trial_that_is_not_there_is_named_and_left_out(record):
    """The line of the candidate that it trains again is lost."""
    again = record(5, replicate=1, source=3).to_data()
    folded = fold([{"event": "proposed", "trial": 5, "record": again}])
    assert (folded.records, folded.next_trial) == ({}, 6)
    assert "trial 5 is of trial 3, which is not there" in folded.problems[0]


def test_only_search_trainings_that_ended_by_themselves_count(record):
    states = ("complete", "pruned", "reused", "infeasible", "failed", "running")
    assert [s for s in states if record(0, s).counted] == ["complete", "pruned"]
    assert not record(0, "complete", replicate=1).counted


def test_data_round_trip(record):
    pruned = record(3, "pruned", 0.25, (0.5, 0.25), decisions={"a": "b"}, constraints={"1MFLOPs": -0.5}, seed=1)
    assert Record.from_data(pruned.to_data()) == pruned


def test_reading_a_study_needs_neither_torch_nor_optuna():
    code = (
        "import sys; from nas.study import open_study, Record; import nas.study.log; "
        "sys.exit(bool({'torch', 'optuna', 'numpy', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_readings_of_the_test_split_are_counted_and_a_former_base_is_known():
    def base(trial):
        return {"event": "base", "trial": trial}

    tested = {"event": "test", "trial": 2, "top1": 0.5, "images": 10}
    folded = fold([base(2), tested, base(2)])
    assert (folded.test_reads, folded.former_base) == (1, None)
    folded = fold([base(2), tested, base(9), {**tested, "trial": 9}])
    assert (folded.test_reads, folded.former_base) == (2, 2)


def test_losses_of_an_early_release_are_kept_though_its_last_line_has_none(record):
    running = record(0, "running", None).to_data()
    ended = {name: value for name, value in record(0, top1=0.5).to_data().items() if name != "loss_by_epoch"}
    events = [
        {"event": "proposed", "trial": 0, "record": running},
        {"event": "epoch", "trial": 0, "epoch": 1, "top1": 0.5, "loss": 1.25, "seconds": 1.0},
        {"event": "finished", "trial": 0, "record": ended},
    ]
    assert fold(events).records[0].loss_by_epoch == (1.25,)


def test_a_stopped_training_that_goes_on_is_running_again_and_counts_no_more(record):
    stopped = record(0, "pruned", 0.4, (0.3, 0.4), loss_by_epoch=(2.0, 1.0), reason="pruned after epoch 2")
    events = [
        {"event": "finished", "trial": 0, "record": stopped.to_data()},
        {"event": "continued", "trial": 0, "epoch": 2},
        {"event": "epoch", "trial": 0, "epoch": 2, "top1": 0.4, "loss": 1.0, "seconds": 1.0},  # told again
        {"event": "epoch", "trial": 0, "epoch": 3, "top1": 0.5, "loss": 0.5, "seconds": 1.0},
    ]
    before, after = fold(events[:1]).records[0], fold(events).records[0]
    assert (before.counted, after.counted) == (True, False)
    assert (after.state, after.continued, after.reason) == ("running", 2, None)
    assert (after.top1_by_epoch, after.loss_by_epoch) == ((0.3, 0.4, 0.5), (2.0, 1.0, 0.5))
    assert after.until(2).top1_by_epoch == (0.3, 0.4)
