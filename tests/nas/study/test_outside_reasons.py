"""What lies outside a network is not held against it: a lack of memory, a process that dies."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from nas.search import conduct
from nas.study import open_study
from nas.study.errors import StudyError
from nas.study.executors.worker import outcome
from nas.study.plan import plan
from nas.study.run_options import RunOptions

OPTIONS = RunOptions(trials=4, workers=1, final="none")


@pytest.fixture
def run(space, tmp_path, monkeypatch):
    """Runs a study of four trainings on digits with a pretending trainer."""
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])
    question = {"data": "digits", "recipe": "plain", "epochs": 3, "pruner": "none", "sampler": "random"}
    study_plan = plan(space, out=tmp_path / "study", device="cpu", retrain=2, seeds=1, **question)
    return lambda trainer, **options: conduct(study_plan, replace(OPTIONS, **options), trainer=f"pretenders:{trainer}")


def test_half_the_images_at_once_are_another_training_which_says_so(run):
    study = run("hungry_for_whole_batches")
    records = {record.trial: record for record in study.records}
    hungry = [r for r in study.records if r.state == "failed"]
    assert (study.state, study.done) == ("finished", 4)
    assert hungry
    for record in hungry:
        assert record.cause == "memory"
        assert record.reason.endswith("(attempt 2 of 2); trained anew with 2 gradient accumulation steps")
        anew = records[record.trial + 1]
        assert (anew.state, anew.accumulate, anew.decisions) == ("complete", 2, record.decisions)
        assert (anew.source, anew.replicate) == (record.source, record.replicate)
        assert anew.training_key != record.training_key
        assert anew.seed != record.seed
    again = [record for record in study.records if record.replicate]
    assert [record.accumulate for record in again] == [records[record.source].accumulate for record in again]
    assert open_study(study.folder).trials().accumulate.tolist() == [record.accumulate for record in study.records]


def test_what_failed_as_its_process_died_is_trained_again_by_the_same_command(run, tmp_path):
    deadly = tmp_path / "study" / "deadly"
    run("dies_where_a_file_is", trials=1)
    deadly.touch()
    with pytest.raises(StudyError, match="its process exited with 9"):
        run("dies_where_a_file_is")
    failed = {record.trial for record in open_study(tmp_path / "study").records if record.state == "failed"}
    assert len(failed) == 6
    deadly.unlink()
    study = run("dies_where_a_file_is")
    states = {record.trial: record.state for record in study.records}
    assert (study.state, study.done) == ("finished", 4)
    assert sum(states[trial] == "complete" for trial in failed) == 3


def test_a_trainer_says_what_stopped_it_also_where_its_log_has_no_room(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])
    job = {"trainer": "pretenders:no_room_once", "task": {}, "seed": 0, "checkpoint": str(tmp_path / "0.ckpt")}
    full = os.fdopen(os.open("/dev/full", os.O_WRONLY), "w", buffering=1)
    monkeypatch.setattr(sys, "stderr", full)
    assert outcome(job, None) == ("stopped", {"reason": "OSError: [Errno 28] No space left on device"})
    with suppress(OSError):
        full.close()
