"""A folder has one owner at a time, and looking disturbs nobody."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from nas.storage import layout, lock
from nas.storage.lock import is_held, locked
from search_spaces.errors import UserError

BEGIN = "import sys, time; from pathlib import Path; from nas.storage.lock import *; folder = Path(sys.argv[1])\n"
HOLD = "with locked(folder):\n    print('ready', flush=True); time.sleep(60)"
LOOK = "print('ready', flush=True)\nwhile True:\n    is_held(folder)"


@contextmanager
def process(program: str, folder: Path):
    """Another Python process, killed at the end."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, "-c", BEGIN + program, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as running:
        try:
            assert running.stdout.readline() == b"ready\n"
            yield running
        finally:
            running.kill()


def test_the_lock_names_its_holder_and_is_released_by_death(tmp_path):
    with process(HOLD, tmp_path) as holder:
        assert is_held(tmp_path)
        message = f"in use by process {holder.pid} on {platform.node()}"
        with pytest.raises(UserError, match=message), locked(tmp_path):
            pass
    assert not is_held(tmp_path)
    with locked(tmp_path):
        assert is_held(tmp_path)
    assert not is_held(tmp_path)


def test_readers_in_a_loop_never_make_a_start_fail(tmp_path):
    with locked(tmp_path):
        pass
    with process(LOOK, tmp_path), process(LOOK, tmp_path):
        for _ in range(500):
            with locked(tmp_path):
                pass


def test_the_lock_stays_when_another_handle_of_the_process_is_closed(tmp_path):
    with locked(tmp_path):
        (tmp_path / layout.LOCK).read_bytes()
        assert is_held(tmp_path)
        with pytest.raises(UserError, match="in use by process"), locked(tmp_path):
            pass


def test_systems_whose_locks_cannot_be_queried_wait_for_readers(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "QUERIED", False)
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.001):
            is_held(tmp_path)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for _ in range(50):
            with locked(tmp_path):
                assert is_held(tmp_path)
    finally:
        done.set()
        reader.join()
    monkeypatch.setattr(lock, "PATIENCE", 0.01)
    with locked(tmp_path), pytest.raises(UserError, match=f"process {os.getpid()}"), locked(tmp_path):
        pass


def test_a_folder_that_is_not_there_is_held_by_nobody(tmp_path):
    assert not is_held(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []
