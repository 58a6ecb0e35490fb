"""A disk that is full, or a study's folder that goes away or may no longer be written, at random instants: the study
stops at once and says so in one line, and afterwards the same command ends as an undisturbed one."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import shutil
import signal
import subprocess
import time
from contextlib import suppress

import pytest
from test_kill import TRIALS, assert_no_orphans, assert_sound, await_lines, end, lines, outcome, start

LARGEST = 40_000  # bytes: about what the log of an undisturbed study comes to
DISK = "3m"  # size of a small file system
AT_ONCE = 30.0  # seconds, on a busy machine
DROP_BOUND, OVERRIDE = 24, 1  # PR_CAPBSET_DROP; CAP_DAC_OVERRIDE, by which root may write what nobody may
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 10))]


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


def assert_stopped(code, message, folder):
    assert code == 1
    assert len(message.splitlines()) == 1, message
    assert_no_orphans(folder)


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 20))])
def test_a_full_disk_loses_nothing(tmp_path, seed, undisturbed):
    rng = random.Random(seed)
    for _ in range(2):
        code, message = end(start(tmp_path, 1, preexec_fn=full_disk(rng.randint(3000, LARGEST))))
        assert_stopped(code, message, tmp_path)
        assert "File too large" in message or "could be written" in message
    assert end(start(tmp_path, 1)) == (0, "")
    assert_sound(tmp_path)
    assert outcome(tmp_path) == undisturbed


@pytest.mark.parametrize("seed", SEEDS)
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
    assert code == 1
    assert len(message.splitlines()) == 1, message
    assert "no longer there" in message or "No such file" in message
    if becomes == "renamed":
        assert lines(tmp_path / "elsewhere") <= there + 5
        shutil.rmtree(folder, ignore_errors=True)
        (tmp_path / "elsewhere").rename(folder)
    assert end(start(folder, 1)) == (0, "")
    assert_sound(folder, TRIALS)
    assert outcome(folder) == undisturbed


@pytest.fixture
def disk(tmp_path):
    """A folder that is a small file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder):
    """Leave no byte on the disk."""
    handle = os.open(folder / "filler", os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while True:
            os.write(handle, bytes(4096))
    os.close(handle)


def end_at_once(process):
    begin = time.monotonic()
    code, message = end(process)
    assert time.monotonic() - begin < AT_ONCE
    return code, message


@pytest.mark.parametrize("seed", SEEDS)
def test_a_disk_that_fills_up_loses_nothing(disk, seed, undisturbed):
    rng, folder = random.Random(seed), disk / "study"
    for _ in range(2):
        process = start(folder, 1)
        await_lines(process, folder, lines(folder) + rng.randint(1, 40))
        fill(disk)
        code, message = end_at_once(process)
        assert_stopped(code, message, folder)
        assert "No space left" in message or "could be written" in message
        (disk / "filler").unlink()
    assert end(start(folder, 1)) == (0, "")
    assert_sound(folder)
    assert outcome(folder) == undisturbed


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_a_disk_that_fills_up_while_networks_are_trained_in_earnest(disk, tmp_path, seed):
    rng, folder = random.Random(seed), disk / "study"
    process = start(folder, 1, 4, "real")
    await_lines(process, folder, rng.randint(6, 60))
    fill(disk)
    assert_stopped(*end(process), folder)
    (disk / "filler").unlink()
    assert end(start(folder, 1, 4, "real")) == (0, "")
    assert_sound(folder, 4)
    assert end(start(tmp_path / "whole", 1, 4, "real")) == (0, "")
    assert outcome(folder) == outcome(tmp_path / "whole")


def without_override():
    """As root, too, what may not be written cannot be."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(DROP_BOUND, OVERRIDE)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_folder_that_becomes_read_only_loses_nothing(tmp_path, seed, undisturbed):
    folder, rng = tmp_path / "study", random.Random(seed)
    process = start(folder, 1, preexec_fn=without_override)
    await_lines(process, folder, rng.randint(5, 100))
    places = (folder / "checkpoints", folder)
    for place in places:
        place.chmod(0o555)
    code, message = end_at_once(process)
    for place in places:
        place.chmod(0o755)
    assert_stopped(code, message, folder)
    assert "Permission denied" in message
    assert end(start(folder, 1)) == (0, "")
    assert_sound(folder)
    assert outcome(folder) == undisturbed
