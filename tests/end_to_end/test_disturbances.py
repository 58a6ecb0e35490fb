"""A study with one, two or four trainers whose processes are killed, stopped and signalled at random instants ends as
an undisturbed one: exact counts, nothing lost, doubled, stuck, failed or left behind, the same scores bit for bit.

Ten studies in the normal tests; ``pytest -m "long or not long" tests/end_to_end/test_disturbances.py`` makes fifty.
"""

from __future__ import annotations

import random
import signal
import time

import pytest
from test_kill import alive, assert_no_orphans, assert_sound, await_lines, end, lines, start

from nas.study import open_study

TRIALS = 12
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGKILL: -signal.SIGKILL}
MAX_LOST = 2  # trainers in all: a training whose process dies three times is given up


def disturb_trainers(process, folder, rng, count):
    """Kill or stop some of the trainers that are at work."""
    for _ in range(count):
        await_lines(process, folder, lines(folder) + rng.randint(1, 12))
        trainers = alive(folder)
        if trainers:
            rng.choice(trainers).send_signal(rng.choice([signal.SIGKILL, signal.SIGSTOP]))


def run_disturbed(folder, workers, rng):
    """Runs of the same command, each ended at a random instant but for the last."""
    lost = MAX_LOST
    for _ in range(2):
        process = start(folder, workers, TRIALS, "impatient")
        count = rng.randint(0, lost)
        disturb_trainers(process, folder, rng, count)
        lost -= count
        await_lines(process, folder, lines(folder) + rng.randint(1, 20))
        time.sleep(rng.random() / 10)
        number = rng.choice(list(CODES))
        process.send_signal(number)
        code, message = end(process)
        assert code in (0, CODES[number], -number), message  # 0: it was done; a signal before there is a handler kills
        assert "Traceback" not in message
        assert_no_orphans(folder)
    process = start(folder, workers, TRIALS, "impatient")
    disturb_trainers(process, folder, rng, lost)
    assert end(process) == (0, "")


def scores(folder):
    """What each training came to, by what it is."""
    return {
        (record.training_key, record.replicate): (record.seed, record.top1_by_epoch)
        for record in open_study(folder).records
        if record.state == "complete"
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert end(start(folder, 2, TRIALS)) == (0, "")
    return scores(folder)


@pytest.mark.parametrize("seed", [*range(10), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(10, 50))])
def test_a_disturbed_study_ends_as_an_undisturbed_one(tmp_path, seed, undisturbed):
    run_disturbed(tmp_path, (1, 2, 4)[seed % 3], random.Random(seed))
    assert_no_orphans(tmp_path)
    assert_sound(tmp_path, TRIALS)
    common = scores(tmp_path).keys() & undisturbed.keys()
    assert common
    assert {key: scores(tmp_path)[key] for key in common} == {key: undisturbed[key] for key in common}
