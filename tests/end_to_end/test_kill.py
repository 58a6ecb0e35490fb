"""Nothing is lost, doubled, stuck or left behind when a driver is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

import nas
from nas.study import open_study
from nas.study.log import read_log

SCRIPT = Path(__file__).with_name("small_study.py")
TRIALS = 24
AGAIN = 4  # two candidates with two further seeds each
STUCK = 300.0  # seconds, on a busy machine


def start(folder, workers, trials=TRIALS, *more, **settings):
    command = [sys.executable, str(SCRIPT), str(folder), str(trials), str(workers), *more]
    path = os.pathsep.join(filter(None, [str(Path(nas.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, **settings)


def end(process):
    """Its exit code and what it complained of."""
    message = process.communicate(timeout=STUCK)[1]
    return process.returncode, message


def lines(folder):
    path = folder / "log.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def await_lines(process, folder, number):
    """Wait until the log has grown to so many lines, or the process has ended."""
    deadline = time.monotonic() + STUCK
    while lines(folder) < number and process.poll() is None:
        assert time.monotonic() < deadline, "the study does not move"
        time.sleep(0.002)


def kill_at_random(folder, workers, rng, *more):
    """One run of the same command, killed at a random instant; whether it was still running then."""
    process = start(folder, workers, *more)
    await_lines(process, folder, lines(folder) + rng.randint(1, 14))
    time.sleep(rng.random() * (0.5 if more else 0.05))
    process.kill()
    return end(process)[0] == -signal.SIGKILL


def alive(folder):
    """Training processes that this study ever started and that still are."""
    started = [e for e in read_log(folder / "log.jsonl").events if e["event"] == "started"]
    ids = {int(event["where"].removeprefix("process ")) for event in started}
    return [p for p in map(process_of, ids) if p is not None and is_trainer(p)]


def process_of(number):
    try:
        return psutil.Process(number)
    except psutil.NoSuchProcess:
        return None


def is_trainer(process):
    try:
        command = " ".join(process.cmdline())
        return "nas.study.executors.worker" in command and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def assert_no_orphans(folder):
    deadline = time.monotonic() + 30
    while alive(folder):
        assert time.monotonic() < deadline, f"left behind: {alive(folder)}"
        time.sleep(0.05)


def assert_sound(folder, trials=TRIALS):
    """Exactly the trainings asked for, each ended once, none touched after its end, none made twice."""
    study = open_study(folder)
    assert study.state == "finished"
    assert study.done == trials
    assert sum(r.replicate > 0 and r.state == "complete" for r in study.records) == AGAIN
    assert {r.state for r in study.records} <= {"complete", "pruned", "reused", "infeasible"}
    trained = [(r.training_key, r.replicate) for r in study.records if r.state in ("complete", "pruned")]
    assert max(Counter(trained).values()) == 1
    ended = set()
    for event in read_log(folder / "log.jsonl").events:
        if event["event"] in ("continued", "again"):
            ended.remove(event["trial"])
        if "trial" in event and event["event"] not in ("base", "test", "final"):
            assert event["trial"] not in ended, f"touched after its end: {event}"
        if event["event"] == "finished":
            ended.add(event["trial"])
    assert ended == {r.trial for r in study.records}
    written = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    assert written == [json.loads(json.dumps(r.to_data())) for r in study.records]


def outcome(folder):
    """All that may not depend on interruptions."""
    return [{k: v for k, v in r.to_data().items() if k != "seconds"} for r in open_study(folder).records], open_study(
        folder
    ).choice


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert end(start(folder, 1)) == (0, "")
    assert_sound(folder)
    return outcome(folder)


def killed(folder, workers, seed, kills):
    rng = random.Random(seed)
    times = sum(kill_at_random(folder, workers, rng) for _ in range(kills))
    assert_no_orphans(folder)
    assert end(start(folder, workers)) == (0, "")
    assert_no_orphans(folder)
    assert_sound(folder)
    return times


def test_ten_kills_with_one_trainer_change_nothing(tmp_path, undisturbed):
    assert killed(tmp_path, workers=1, seed=1, kills=10) >= 8
    assert outcome(tmp_path) == undisturbed


def test_ten_kills_with_two_trainers_lose_and_double_nothing(tmp_path):
    assert killed(tmp_path, workers=2, seed=2, kills=10) >= 8


@pytest.mark.parametrize("workers", [1, 2])
def test_ten_kills_of_a_study_by_rungs_lose_and_double_nothing(tmp_path, workers):
    """Trainings stop, and go on later; with one trainer the outcome is that of an undisturbed study."""
    rng = random.Random(4)
    kills = sum(kill_at_random(tmp_path / "killed", workers, rng, TRIALS, "halving") for _ in range(10))
    assert kills >= 5
    assert end(start(tmp_path / "killed", workers, TRIALS, "halving")) == (0, "")
    assert_no_orphans(tmp_path / "killed")
    assert_sound(tmp_path / "killed")
    events = read_log(tmp_path / "killed" / "log.jsonl").events
    assert any(event["event"] == "continued" for event in events)
    if workers == 1:
        assert end(start(tmp_path / "whole", 1, TRIALS, "halving")) == (0, "")
        assert outcome(tmp_path / "killed") == outcome(tmp_path / "whole")


@pytest.mark.long
def test_ten_kills_of_a_study_that_trains_in_earnest(tmp_path):
    """Also: an interrupted training equals an uninterrupted one, bit for bit."""
    rng = random.Random(3)
    assert end(start(tmp_path / "whole", 1, 10, "real")) == (0, "")
    assert sum(kill_at_random(tmp_path / "killed", 1, rng, 10, "real") for _ in range(10)) >= 5
    assert end(start(tmp_path / "killed", 1, 10, "real")) == (0, "")
    assert_no_orphans(tmp_path / "killed")
    assert_sound(tmp_path / "killed", 10)
    assert outcome(tmp_path / "killed") == outcome(tmp_path / "whole")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_ten_kills_at_many_instants(tmp_path, seed, undisturbed):
    killed(tmp_path, workers=1, seed=100 + seed, kills=10)
    assert outcome(tmp_path) == undisturbed


def test_ctrl_c_stops_in_order_and_the_same_command_goes_on(tmp_path, undisturbed):
    process = start(tmp_path, 1)
    await_lines(process, tmp_path, 20)
    process.send_signal(signal.SIGINT)
    code, message = end(process)
    assert code == 130
    assert len(message.splitlines()) == 1
    assert "the same command goes on" in message
    assert open_study(tmp_path).state == "interrupted"
    assert_no_orphans(tmp_path)
    assert end(start(tmp_path, 1)) == (0, "")
    assert_sound(tmp_path)
    assert outcome(tmp_path) == undisturbed


def test_a_killed_trainer_is_replaced_and_its_training_goes_on(tmp_path, undisturbed):
    process = start(tmp_path, 1)
    for number in (12, 30):
        await_lines(process, tmp_path, number)
        for trainer in alive(tmp_path):
            trainer.kill()
    assert end(process) == (0, "")
    assert any(e["event"] == "retried" for e in read_log(tmp_path / "log.jsonl").events)
    assert_sound(tmp_path)
    assert outcome(tmp_path) == undisturbed
