"""The contract that every executor keeps: plain jobs in, events out, in order."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from heard import Heard

from nas.search import conduct
from nas.study.executors.answers import answer
from nas.study.executors.protocol import Job
from nas.study.executors.table import EXECUTORS, EXTRAS, check_executor, executor_of
from nas.study.plan import plan
from nas.study.run_options import RunOptions
from search_spaces import UserError
from search_spaces.files.codec import to_data

CURVE = (0.1, 0.2, 0.3)


def score(architecture, seed, report):
    """What ``pretenders:good`` does, as a user's evaluator; a seed of 1 raises."""
    if seed == 1:
        raise RuntimeError("no luck\nat all")
    for epoch, top1 in enumerate(CURVE, start=1):
        if not report(epoch, top1):
            break
    return CURVE[-1]


@pytest.fixture(params=EXECUTORS)
def executor(request, space, tmp_path, monkeypatch):
    """An executor by its name, for the kind of study that it runs, and that study's space; a cluster is one on this
    machine."""
    if request.param in EXTRAS:
        pytest.importorskip(EXTRAS[request.param], reason=f"the extra {request.param} is not installed")
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])
    study_plan = plan(space, (), evaluate=score, out=tmp_path / "study")
    study_plan.folder.mkdir()
    if request.param != "inline":
        study_plan = replace(study_plan, evaluate=None)
    address = "local" if request.param in EXTRAS else None
    options = RunOptions(executor=request.param, address=address, workers=1, trials=4)
    executor = executor_of(study_plan, study_plan.definition, options)
    with contextlib.closing(executor):
        yield executor


@pytest.fixture
def job(space, tmp_path):
    """A job: the first architecture of the space, by a trainer that is good or raises."""

    def submitted(trial, *, good=True):
        trainer = f"pretenders:{'good' if good else 'raises'}"
        architecture = space.decide({d.name: d.labels[0] for d in space.decisions})
        task = {"architecture": to_data(architecture)}
        return Job(trial, trainer, task, 0 if good else 1, str(tmp_path / f"{trial}.ckpt"))

    return submitted


def run(executor, job, go=True):
    heard = Heard(go)
    executor.submit(job)
    while not heard.ended():
        executor.wait(heard)
    return heard.events


def test_a_training_is_begun_then_its_epochs_come_in_order_then_its_end(executor, job):
    free = executor.free()
    assert free >= 1
    *before, (name, trial, result) = run(executor, job(4))
    assert before == [("started", 4, 1), *(("epoch", 4, number) for number in (1, 2, 3))]
    assert (name, trial) == ("done", 4)
    assert (result["top1"], tuple(result["top1_by_epoch"]), result["pruned"]) == (0.3, CURVE, False)
    assert executor.free() == free


def test_a_job_takes_a_place_until_it_ends(executor, job):
    free = executor.free()
    executor.submit(job(0))
    assert executor.free() == free - 1


def test_the_verdict_after_an_epoch_ends_the_training(executor, job):
    events = run(executor, job(0), go=False)
    assert [event[0] for event in events] == ["started", "epoch", "done"]
    assert events[-1][-1]["pruned"] is True


def test_what_a_training_raises_is_one_line_and_the_next_one_runs(executor, job):
    assert run(executor, job(0, good=False)) == [("started", 0, 1), ("failed", 0, "RuntimeError: no luck")]
    assert run(executor, job(1))[-1][0] == "done"


def test_waiting_for_nothing_returns(executor):
    executor.wait(Heard(), timeout=0)


def test_a_training_goes_on_after_a_pause(executor, job):
    executor.submit(job(0))
    with executor.paused():
        pass
    heard = Heard()
    while not heard.ended():
        executor.wait(heard)
    assert heard.ended()[0][0] == "done"


def test_a_question_is_answered_between_trainings(executor, job):
    before, after = job(0), job(1)
    assert run(executor, before)[-1][0] == "done"
    for _ in range(2):
        assert answer(executor, before.trainer, before.task, before.checkpoint)["top1"] == 0.3
    assert run(executor, after)[-1][0] == "done"


def test_closing_twice_is_no_error_and_ends_what_runs(executor, job):
    executor.submit(job(0))
    executor.close()
    executor.close()


@pytest.fixture
def plans(space, tmp_path):
    """Of a study with an evaluator, and of one that trains."""
    with_evaluator = plan(space, (), evaluate=score, out=tmp_path / "study")
    return with_evaluator, replace(with_evaluator, evaluate=None)


@pytest.mark.parametrize("name", EXECUTORS)
def test_an_executor_refuses_a_study_that_it_cannot_run(plans, name):
    wrong = plans[1] if name == "inline" else plans[0]
    with pytest.raises(UserError, match=f"the executor {name} "):
        check_executor(wrong, RunOptions(executor=name))


@pytest.mark.parametrize("name", EXTRAS)
def test_what_is_not_installed_is_said_before_anything_starts(plans, name, monkeypatch):
    monkeypatch.setattr("nas.study.executors.table.find_spec", lambda package: None)
    with pytest.raises(UserError, match=rf"pip install 'nas-and-scaling\[{name}\]'"):
        conduct(plans[1], RunOptions(executor=name))
    assert not plans[1].folder.exists()


def test_slurm_says_what_the_machine_lacks(plans, monkeypatch):
    monkeypatch.setattr("nas.study.executors.table.find_spec", lambda package: True)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(UserError, match="needs sbatch on this machine; --address local"):
        check_executor(plans[1], RunOptions(executor="slurm"))
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(UserError, match="workers: must be a number"):
        check_executor(plans[1], RunOptions(executor="slurm"))
    check_executor(plans[1], RunOptions(executor="slurm", workers=2))


def test_an_address_is_for_clusters(plans):
    with pytest.raises(UserError, match="address: is for the executors ray and slurm, got 'there' for local"):
        check_executor(plans[1], RunOptions(address="there"))


def test_auto_is_the_executor_that_suits_the_study(plans):
    for study_plan in plans:
        with contextlib.closing(executor_of(study_plan, study_plan.definition, RunOptions(workers=1))) as executor:
            assert type(executor).__name__.lower() == ("inline" if study_plan.evaluate else "local")
