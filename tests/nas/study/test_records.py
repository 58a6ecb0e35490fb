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
