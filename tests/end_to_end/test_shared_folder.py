"""Trainers that join through a study's folder may be killed, stopped, cut off and late; the study ends exact."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from test_kill import TRIALS, assert_sound, await_lines, end, lines, outcome, start

from nas.study import open_study
from nas.study.log import read_log

pytest.importorskip("submitit", reason="the extra slurm is not installed")
MODULE = "nas.study.executors.joining"


def trainers(folder):
    """Processes at work for the study in this folder: supervisors (False) and those that train (True)."""
    processes = {}
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if str(folder) in words and MODULE in words:
            processes[process] = len(words) > words.index(str(folder)) + 1
    return processes


def training(folder):
    return [process for process, trains in trainers(folder).items() if trains]


def join(folder):
    """A trainer that somebody starts by hand."""
    path = os.pathsep.join(filter(None, [str(Path(__file__).parent), *sys.path]))
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-m", MODULE, str(folder)], env=environment)


def assert_nobody_left(folder):
    deadline = time.monotonic() + 20
    while trainers(folder):
        assert time.monotonic() < deadline, f"left behind: {trainers(folder)}"
        time.sleep(0.1)


def disturb(process, folder, rng, instants):
    """Kill, stop or end a trainer at random instants of the study. Seed 1 stops all of them."""
    for instant in instants:
        await_lines(process, folder, lines(folder) + rng.randint(*instant))
        victims = training(folder)
        if victims:
            rng.choice(victims).send_signal(rng.choice([signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM]))


def resume_all(folder):
    for process in trainers(folder):
        process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 20))])
def test_trainers_that_are_killed_stopped_and_late_lose_and_double_nothing(tmp_path, seed):
    folder = tmp_path / "study"
    process = start(folder, 2, TRIALS, "slurm")
    await_lines(process, folder, 8)
    late = join(folder)
    disturb(process, folder, random.Random(seed), [(2, 15)] * 4)
    code, _ = end(process)  # submitit says where it had to end a stopped trainer
    resume_all(folder)
    assert code == 0
    assert_sound(folder)
    events = read_log(folder / "log.jsonl").events
    assert any(event["event"] == "retried" for event in events)
    assert late.wait(20) == 0
    assert_nobody_left(folder)


def test_a_killed_driver_leaves_nobody_and_the_same_command_goes_on(tmp_path):
    folder = tmp_path / "study"
    process = start(folder, 2, TRIALS, "slurm")
    await_lines(process, folder, 30)
    process.kill()
    end(process)
    before = open_study(folder).done
    assert end(start(folder, 2, TRIALS, "slurm")) == (0, "")
    assert before < TRIALS
    assert_sound(folder)
    assert_nobody_left(folder)


def test_the_trainings_have_the_scores_that_they_have_by_local_trainers(tmp_path):
    assert end(start(tmp_path / "shared", 1, TRIALS, "slurm")) == (0, "")
    assert end(start(tmp_path / "local", 1)) == (0, "")
    assert outcome(tmp_path / "shared") == outcome(tmp_path / "local")


def test_ctrl_c_ends_in_order(tmp_path):
    folder = tmp_path / "study"
    process = start(folder, 2, TRIALS, "slurm")
    await_lines(process, folder, 20)
    process.send_signal(signal.SIGINT)
    code, message = end(process)
    assert (code, len(message.splitlines())) == (130, 1)
    assert_nobody_left(folder)
