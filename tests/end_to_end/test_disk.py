"""A disk that is full, or a study's folder that goes away, at random instants: the study stops and says so, and
afterwards the same command ends as an undisturbed one."""

from __future__ import annotations

import random
import resource
import shutil
import signal

import pytest
from test_kill import TRIALS, assert_no_orphans, assert_sound, await_lines, end, lines, outcome, start

LARGEST = 40_000  # bytes: about what the log of an undisturbed study comes to


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert end(start(folder, 1)) == (0, "")
    return outcome(folder)


def full_disk(size):
    """No file of the process or of its children grows beyond ``size`` bytes, as on a full disk."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    return limit


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 20))])
def test_a_full_disk_loses_nothing(tmp_path, seed, undisturbed):
    rng = random.Random(seed)
    for _ in range(2):
        code, message = end(start(tmp_path, 1, preexec_fn=full_disk(rng.randint(3000, LARGEST))))
        assert code != 0
        assert "File too large" in message or "could be written" in message
        assert_no_orphans(tmp_path)
    assert end(start(tmp_path, 1)) == (0, "")
    assert_sound(tmp_path)
    assert outcome(tmp_path) == undisturbed


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 10))])
@pytest.mark.parametrize("becomes", ["removed", "renamed"])
def test_a_folder_that_goes_away_stops_the_study(tmp_path, becomes, seed, undisturbed):
    folder = tmp_path / "study"
    process = start(folder, 1)
    await_lines(process, folder, random.Random(seed).randint(5, 120))
    there = lines(folder)
    folder.rename(tmp_path / "elsewhere")
    if becomes == "removed":
        shutil.rmtree(tmp_path / "elsewhere")
    code, message = end(process)
    assert code != 0
    assert "no longer there" in message or "No such file" in message
    if becomes == "renamed":
        assert lines(tmp_path / "elsewhere") <= there + 5
        shutil.rmtree(folder, ignore_errors=True)
        (tmp_path / "elsewhere").rename(folder)
    assert end(start(folder, 1)) == (0, "")
    assert_sound(folder, TRIALS)
    assert outcome(folder) == undisturbed
