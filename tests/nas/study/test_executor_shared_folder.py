"""Trainers that join through the study's folder: killed, stopped, too late; no submitit is needed for that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from heard import Heard

from nas.storage import layout
from nas.study.errors import StudyError
from nas.study.executors import mailbox
from nas.study.executors.protocol import Job
from nas.study.executors.shared_folder import SharedFolder

LEASE = 6.0


class Processes:
    """So many trainers, started as somebody would by hand."""

    def __init__(self, study, count):
        self.study, self.count, self.started = study, count, []

    def start(self):
        path = os.pathsep.join(filter(None, [str(Path(__file__).parent), *sys.path]))
        command = [sys.executable, "-m", "nas.study.executors.joining", str(self.study)]
        environment = {**os.environ, "PYTHONPATH": path}
        self.started += [subprocess.Popen(command, env=environment) for _ in range(self.count)]

    def any_left(self):
        return any(process.poll() is None for process in self.started)

    def end(self):
        """They end by themselves."""


@pytest.fixture
def shared(tmp_path):
    """Makes an executor with so many trainers; all end within some seconds after it is closed."""
    executors = []

    def start(count, study=tmp_path):
        executors.append(SharedFolder(study, Processes(study, count), count, lease=LEASE))
        return executors[-1]

    yield start
    for executor in executors:
        executor.close()
        assert {process.wait(30) for process in executor.trainers.started} <= {0}


def submit(executor, tmp_path, trial, name):
    executor.submit(Job(trial, f"pretenders:{name}", {}, 0, str(tmp_path / "checkpoints" / f"{trial}.ckpt")))


def wait_for(executor, heard, kind):
    while not any(event[0] == kind for event in heard.events):
        executor.wait(heard, timeout=1)


def kinds(heard):
    return [event[0] for event in heard.events]


def test_a_checkpoint_comes_to_the_study_and_nothing_else_stays(shared, tmp_path):
    executor, heard = shared(1), Heard()
    submit(executor, tmp_path, 0, "good")
    wait_for(executor, heard, "done")
    assert kinds(heard) == ["started", "epoch", "epoch", "epoch", "done"]
    assert (tmp_path / "checkpoints" / "0.ckpt").read_text() == "trained"
    executor.close()
    assert [path.name for path in (tmp_path / layout.JOINED).iterdir()] == [mailbox.DRIVER]


def test_a_trainer_that_dies_is_replaced_and_its_training_goes_on_from_its_checkpoint(shared, tmp_path):
    executor, heard = shared(1), Heard()
    submit(executor, tmp_path, 0, "dies_once")
    wait_for(executor, heard, "done")
    assert ("retried", 0, 1, "its process was killed by signal 9") in heard.events
    assert kinds(heard) == ["started", "retried", "started", "epoch", "epoch", "epoch", "done"]


def test_one_that_never_has_the_memory_gets_one_fresh_process(shared, tmp_path):
    executor, heard = shared(1), Heard()
    submit(executor, tmp_path, 0, "hungry")
    wait_for(executor, heard, "failed")
    assert (kinds(heard), heard.causes) == (["started", "retried", "started", "failed"], ["memory"])


def test_a_trainer_that_is_asked_to_leave_is_no_attempt(shared, tmp_path):
    executor, heard = shared(1), Heard()
    submit(executor, tmp_path, 0, "hangs")
    wait_for(executor, heard, "epoch")
    executor.trainers.started[0].send_signal(signal.SIGTERM)
    wait_for(executor, heard, "retried")
    assert executor.trainers.started.pop(0).wait(10) == 128 + signal.SIGTERM
    executor.trainers.start()
    while len(heard.events) < 4:
        executor.wait(heard, timeout=1)
    assert heard.events[2:4] == [("retried", 0, 1, "its trainer has left"), ("started", 0, 1)]


def test_one_that_was_cut_off_is_fenced_and_what_it_does_later_is_not_read(shared, tmp_path):
    executor, heard = shared(1), Heard()
    submit(executor, tmp_path, 0, "good_after_a_moment")
    wait_for(executor, heard, "started")
    [supervisor] = executor.trainers.started
    stopped = [psutil.Process(supervisor.pid), *psutil.Process(supervisor.pid).children()]
    for process in stopped:
        process.suspend()
    executor.trainers.start()
    wait_for(executor, heard, "done")
    for process in stopped:
        process.resume()
    assert ("retried", 0, 1, f"no beat of its trainer for {LEASE:.0f} s") in heard.events
    assert kinds(heard).count("done") == 1
    assert psutil.wait_procs(stopped[1:], timeout=20)[1] == []  # the one that was given up has ended


def test_a_new_driver_takes_over_what_a_dead_one_left(shared, tmp_path):
    left = tmp_path / layout.JOINED / "elsewhere-1-1-1"
    (left / "1").mkdir(parents=True)
    (left / "1" / mailbox.CHECKPOINT).write_text("half way")
    checkpoint = tmp_path / "checkpoints" / "3.ckpt"
    mailbox.write(left / mailbox.numbered("job", 1), checkpoint=str(checkpoint))
    shared(0)
    assert checkpoint.read_text() == "half way"
    assert not left.exists()


def test_trainers_that_end_before_they_do_anything_stop_the_study(tmp_path, monkeypatch):
    monkeypatch.setattr("nas.study.executors.shared_folder.LOOK_EVERY", 0.0)
    executor = SharedFolder(tmp_path, Processes(tmp_path, 0), 1, lease=LEASE)
    submit(executor, tmp_path, 0, "good")
    executor.wait(Heard(), timeout=0)  # others are started, once
    with pytest.raises(StudyError, match="all trainers ended before they did anything"):
        executor.wait(Heard(), timeout=0)
    executor.close()


def test_a_trainer_that_finds_no_driver_leaves(tmp_path):
    (tmp_path / layout.JOINED).mkdir()
    mailbox.write(tmp_path / layout.JOINED / mailbox.DRIVER, beat=1, lease=1.0, closed=False)
    processes = Processes(tmp_path, 1)
    processes.start()
    began = time.monotonic()
    assert processes.started[0].wait(60) == 0
    assert time.monotonic() - began > 1.0
