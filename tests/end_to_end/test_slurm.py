"""A search through sbatch, where slurm runs: trainers that are killed, late, cancelled and queued again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_kill import TRIALS, assert_sound, await_lines, end, lines, start
from test_shared_folder import MODULE, assert_nobody_left, training

from nas.study import open_study
from nas.study.log import read_log

pytest.importorskip("submitit", reason="the extra slurm is not installed")


def slurm(*words):
    """What a command of slurm prints; None where it cannot be run."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


pytestmark = pytest.mark.skipif(
    "up" not in (slurm("sinfo", "--noheader", "--format=%a") or ""), reason="no slurm with a partition that is up"
)


def jobs(state="RUNNING,PENDING"):
    return (slurm("squeue", "--noheader", "--format=%i", "--states", state) or "").split()


def join_late(folder):
    path = os.pathsep.join(filter(None, [str(Path(__file__).parent), *sys.path]))
    command = f"PYTHONPATH={path} {sys.executable} -m {MODULE} {folder}"
    assert slurm("sbatch", "--output", str(folder.parent / "late.out"), "--wrap", command)


def await_training(process, folder):
    deadline = time.monotonic() + 120
    while not training(folder) and process.poll() is None:
        assert time.monotonic() < deadline, "no trainer comes"
        time.sleep(0.1)


def kill_at_work(process, folder):
    """Kill trainers, one after another, until one had a training."""
    while not reasons(folder) and process.poll() is None:
        await_lines(process, folder, lines(folder) + 3)
        for trainer in training(folder)[:1]:
            trainer.kill()
        time.sleep(2)


def assert_no_jobs_left():
    deadline = time.monotonic() + 60
    while jobs():
        assert time.monotonic() < deadline, f"left in the queue: {jobs()}"
        time.sleep(0.5)


def reasons(folder):
    return {event["reason"] for event in read_log(folder / "log.jsonl").events if event["event"] == "retried"}


def test_trainers_that_are_killed_late_and_queued_again_lose_and_double_nothing(tmp_path):
    folder = tmp_path / "study"
    process = start(folder, 2, TRIALS, "sbatch")
    await_training(process, folder)
    kill_at_work(process, folder)
    join_late(folder)
    await_lines(process, folder, lines(folder) + 10)
    slurm("scontrol", "requeue", jobs("RUNNING")[0])
    code, message = end(process)
    assert code == 0, message
    assert_sound(folder)
    assert reasons(folder) <= {f"its process was killed by signal {signal.SIGKILL:d}", "its trainer has left"}
    assert f"its process was killed by signal {signal.SIGKILL:d}" in reasons(folder)
    assert_nobody_left(folder)
    assert_no_jobs_left()


def test_a_killed_driver_leaves_no_jobs_and_the_same_command_goes_on(tmp_path):
    folder = tmp_path / "study"
    process = start(folder, 2, TRIALS, "sbatch")
    await_lines(process, folder, 30)
    process.kill()
    end(process)
    before = open_study(folder).done
    assert before < TRIALS
    assert_no_jobs_left()  # they leave by themselves
    code, message = end(start(folder, 2, TRIALS, "sbatch"))
    assert (code, message) == (0, "")
    assert_sound(folder)
    assert_no_jobs_left()


def test_jobs_that_are_all_cancelled_are_submitted_again(tmp_path):
    folder = tmp_path / "study"
    process = start(folder, 2, TRIALS, "sbatch")
    await_lines(process, folder, 30)
    assert slurm("scancel", *jobs()) is not None
    assert end(process) == (0, "")
    assert_sound(folder)
    assert_no_jobs_left()
