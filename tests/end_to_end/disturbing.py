"""Kills, stops and signals at random instants of a study that runs in processes of its own, and what must hold after.

Of :mod:`small_study`, whose trainers pretend or train in earnest (``words``); the tests and ``benchmarks/kills.py``
share it.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from test_kill import STUCK, alive, assert_no_orphans, assert_sound, await_lines, end, lines, start

from nas.study import open_study
from nas.study.log import read_log

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGKILL: -signal.SIGKILL}
MAX_LOST = 2  # trainers in all: a training whose process dies three times is given up
WORKER = "nas.study.executors.worker"


@dataclass
class Disturbed:
    """A study that is disturbed: in which folder, by how many trainers, for how many trials; ``count`` says what was
    done to it, ``drivers`` which processes ran it."""

    folder: Path
    workers: int
    trials: int
    words: tuple[str, ...]
    rng: random.Random
    count: Counter[str] = field(default_factory=Counter)
    drivers: set[int] = field(default_factory=set)

    def start(self):
        process = start(self.folder, self.workers, self.trials, *self.words)
        self.drivers.add(process.pid)
        return process

    def run(self, *instants):
        """The same command again and again, ended at each of these instants (names in ``INSTANTS``), then to its end; a
        trainer is killed or stopped now and then."""
        lost = MAX_LOST
        for name in instants:
            process = self.start()
            if name != "loading":
                lost -= self.disturb_trainers(process, self.rng.randint(0, lost))
            INSTANTS[name](process, self.folder, self.rng)
            self.end_driver(process, name)
        process = self.start()
        self.disturb_trainers(process, lost)
        code, message = end(process)
        assert (code, message) == (0, ""), message

    def disturb_trainers(self, process, number):
        """Kill or stop so many of the trainers that are at work; returns how many there were."""
        done = 0
        for _ in range(number):
            await_lines(process, self.folder, lines(self.folder) + self.rng.randint(1, 12))
            trainers = alive(self.folder)
            if trainers and process.poll() is None:
                chosen = self.rng.choice([signal.SIGKILL, signal.SIGSTOP])
                self.rng.choice(trainers).send_signal(chosen)
                self.count[f"trainer {chosen.name}"] += 1
                done += 1
        return done

    def end_driver(self, process, name):
        """By a signal; it ends as it should, and nobody of it is left."""
        number = self.rng.choice(list(CODES))
        if process.poll() is None:
            self.count.update([f"driver {number.name}", name])
        process.send_signal(number)
        code, message = end(process)
        assert code in (0, CODES[number], -number), message  # 0: it was done; a signal before there is a handler kills
        assert "Traceback" not in message
        self.assert_nobody_left()

    def assert_nobody_left(self):
        """No trainer lives whose driver is dead."""
        assert_no_orphans(self.folder)
        _, left = psutil.wait_procs(self.trainers(), timeout=10)
        assert left == []

    def trainers(self):
        """Processes that a driver of this study started to train in, whether or not the log knows them."""
        trainers = []
        for process in psutil.process_iter():
            try:
                command = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if WORKER in command and any(f", {driver}, [" in command for driver in self.drivers):
                trainers.append(process)
        return trainers

    def assert_as(self, undisturbed):
        """Sound, and every training that both studies made has the same scores, bit for bit."""
        self.assert_nobody_left()
        assert_sound(self.folder, self.trials)
        trained = scores(self.folder)
        common = trained.keys() & undisturbed.keys()
        assert common
        assert {key: trained[key] for key in common} == {key: undisturbed[key] for key in common}
        return len(common)


def scores(folder):
    """What each training came to, by what it is; that of the base in the end by the network."""
    study = open_study(folder)
    trained = {
        (record.training_key, record.replicate): (record.seed, record.top1_by_epoch)
        for record in study.records
        if record.state == "complete"
    }
    if study.final:
        trained[study.base.digest, "final"] = (study.final.validation, study.final.top1)
    return trained


def some_lines_later(process, folder, rng):
    """An instant of the search."""
    await_lines(process, folder, lines(folder) + rng.randint(1, 20))
    time.sleep(rng.random() / 10)


def while_loading(process, folder, rng):
    """Within the first CPU seconds of the driver."""
    await_cpu(process, 3 * rng.random())


def after_event(event, most=1.0):
    """Up to ``most`` CPU seconds of the driver after the first event of that name in the log; ``retrained`` is the
    first proposal with a further seed."""

    def instant(process, folder, rng):
        deadline = time.monotonic() + STUCK
        while process.poll() is None and event not in event_names(folder):
            assert time.monotonic() < deadline, f"the study does not come to {event}"
            time.sleep(0.01)
        await_cpu(process, cpu_seconds(process) + most * rng.random())

    return instant


INSTANTS = {
    "loading": while_loading,
    "search": some_lines_later,
    "retraining": after_event("retrained"),
    "test": after_event("base", 3.0),
    "report": after_event("ended"),
}


def event_names(folder):
    log = read_log(folder / "log.jsonl", written=True).events
    again = {"retrained" for event in log if event["event"] == "proposed" and event["record"]["replicate"]}
    return {event["event"] for event in log} | again


def await_cpu(process, seconds):
    deadline = time.monotonic() + STUCK
    while process.poll() is None and cpu_seconds(process) < seconds and time.monotonic() < deadline:
        time.sleep(0.01)


def cpu_seconds(process):
    try:
        used = psutil.Process(process.pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return used.user + used.system
