"""Ctrl-C, SIGTERM and SIGHUP end a study in order at any instant, and the same command goes on."""

from __future__ import annotations

import os
import pty
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest

from nas.study import open_study
from nas.study.log import read_log

SPACE = """
schema: 1
image_size: 8
classes: 10
stem: [{block: {conv: {}}, out: 8}]
stages: [{block: {conv: {kernel: {choice: [1, 3]}}}, out: {choice: [8, 12, 16]}, stride: 2}]
head: {pooled: {}}
"""
SEARCH = "search --space space.yaml --budget 1MFLOPs --recipe plain --epochs 2 --trials 4 --retrain 1 --seeds 1 --out s"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
SAID_LAST = "next: nas scale"
MOMENTS = ("started", "retraining", "final_epoch")
FURTHER_MOMENTS = ("opened", "epoch", "base", "final", "ended")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "space.yaml").write_text(SPACE)
    return tmp_path


def start(folder, *more, **settings):
    command = [sys.executable, "-m", "nas", *SEARCH.split(), "--workers", "2", *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=folder, env=environment, **{**streams, **settings})


def events(folder):
    return read_log(folder / "s" / "log.jsonl", written=True).events


def has_come(folder, moment):
    """Whether the study in this folder has come to the moment."""
    if moment == "retraining":
        return any(event["event"] == "proposed" and event["record"]["replicate"] for event in events(folder))
    return any(event["event"] == moment for event in events(folder))


def await_moment(process, folder, moment):
    deadline = time.monotonic() + 60
    while process.poll() is None and not has_come(folder, moment):
        assert time.monotonic() < deadline, f"the study does not come to {moment}"
        time.sleep(0.01)


def descendants(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def assert_gone(processes):
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert alive == []


def assert_ended_in_order(process, number, trainers):
    """Exit code, one closing line, no traceback, no orphan. A study that had just ended has said so instead, also where
    the signal then met a process that was about to leave."""
    output, error = process.communicate(timeout=30)
    assert_gone(trainers)
    assert "Traceback" not in error
    if process.returncode == 0 or (process.returncode == -number and SAID_LAST in output):
        return False
    assert process.returncode == CODES[number], error
    assert error.splitlines()[-1].startswith("nas: ")
    return True


def assert_goes_on(folder):
    process = start(folder)
    assert process.communicate(timeout=120)[1].count("Traceback") == 0
    assert process.returncode == 0
    study = open_study(folder / "s")
    assert (study.state, study.done, study.problems) == ("finished", 4, ())
    assert {record.state for record in study.records} <= {"complete", "pruned", "reused"}
    assert sum(record.replicate > 0 and record.state == "complete" for record in study.records) == 1
    assert study.final is not None
    assert (study.folder / "report.html").is_file()


@pytest.mark.parametrize(
    "moment", [*MOMENTS, *(pytest.param(moment, marks=pytest.mark.long) for moment in FURTHER_MOMENTS)]
)
def test_a_signal_ends_a_study_in_order(folder, moment):
    number = random.Random(moment).choice(list(CODES))
    process = start(folder)
    await_moment(process, folder, moment)
    trainers = descendants(process)
    process.send_signal(number)
    if assert_ended_in_order(process, number, trainers) and moment not in ("final", "ended"):
        assert open_study(folder / "s").state == "interrupted"
    assert_goes_on(folder)


@pytest.mark.parametrize("seconds", [0.6, pytest.param(1.2, marks=pytest.mark.long), 2.0])
def test_a_signal_while_a_study_is_loaded(folder, seconds):
    process = start(folder)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    assert assert_ended_in_order(process, signal.SIGINT, descendants(process))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(50))
def test_signals_at_random_instants(folder, seed):
    rng = random.Random(seed)
    for _ in range(2):
        process = start(folder)
        number = rng.choice(list(CODES))
        time.sleep(0.5 + 10 * rng.random())
        trainers = descendants(process)
        process.send_signal(number)
        assert_ended_in_order(process, number, trainers)
    assert_goes_on(folder)


def test_the_second_signal_ends_it_at_once(folder):
    process = start(folder)
    await_moment(process, folder, "started")
    trainers = descendants(process)
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode in (-signal.SIGTERM, CODES[signal.SIGTERM])
    assert_gone(trainers)


def test_a_terminal_that_closes_ends_a_study_in_order(folder):
    ours, theirs = pty.openpty()
    process = start(folder, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    await_moment(process, folder, "started")
    trainers = descendants(process)
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert process.wait(30) == CODES[signal.SIGHUP]
    assert_gone(trainers)
    assert open_study(folder / "s").state == "interrupted"
