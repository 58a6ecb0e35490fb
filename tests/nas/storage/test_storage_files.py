"""A kill while writing leaves the old content; what it leaves beside is removed, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nas.storage.files import leftovers, new_folder, remove_leftovers, replacing, write_atomic
from search_spaces.files.temporary import this_process

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
WRITE = """
import os, signal, sys
from pathlib import Path
from nas.storage.files import new_folder, replacing
folder = Path(sys.argv[1])
with replacing(folder / "a.txt") as file, new_folder(folder / "b") as beside:
    file.write(b"half")
    (beside / "part").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_while_writing(folder) -> None:
    done = subprocess.run([sys.executable, "-c", WRITE, str(folder)], env=ENVIRONMENT, check=False)
    assert done.returncode < 0


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    write_atomic(tmp_path / "a.txt", "old")
    kill_while_writing(tmp_path)
    _, pid, start = this_process().rsplit("-", 2)
    others = (
        f".a.txt.elsewhere-{pid}-{start}.tmp",  # of another machine
        ".a.txt.77.tmp",  # of who knows whom
        "a.tmp",
    )
    for name in others:
        (tmp_path / name).touch()
    with replacing(tmp_path / "a.txt") as file, new_folder(tmp_path / "b") as beside:
        assert len(leftovers(tmp_path)) == 2
        remove_leftovers(tmp_path)
        file.write(b"new")
        (beside / "part").touch()
    assert {path.name for path in tmp_path.iterdir()} == {*others, "a.txt", "b"}
    assert (tmp_path / "a.txt").read_text() == "new"
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["part"]


def test_a_process_that_its_parent_has_not_collected_is_dead(tmp_path):
    command = [
        sys.executable,
        "-c",
        "from search_spaces.files.temporary import this_process; print(this_process(), flush=True)",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as child:
        path = tmp_path / f".a.txt.{child.stdout.read().strip()}.tmp"
        path.touch()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert leftovers(tmp_path) == [path]


def test_a_process_id_that_was_given_anew_does_not_protect_leftovers(tmp_path):
    host, pid, start = this_process().rsplit("-", 2)
    path = tmp_path / f".a.txt.{host}-{pid}-{int(start) + 1}.tmp"
    path.touch()
    assert leftovers(tmp_path) == [path]


def test_an_error_while_writing_leaves_the_old_content_and_nothing_beside(tmp_path):
    write_atomic(tmp_path / "a.txt", "old")
    with pytest.raises(TypeError), replacing(tmp_path / "a.txt", keep=tmp_path / "kept") as file:
        file.write("text, not bytes")
    with pytest.raises(ValueError, match="stop"), new_folder(tmp_path / "b"):
        raise ValueError("stop")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.txt", "old")]


def test_the_old_content_can_be_kept(tmp_path):
    for text in ("one", "two", "three"):
        with replacing(tmp_path / "a", keep=tmp_path / "a.old") as file:
            file.write(text.encode())
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "three", "a.old": "two"}


def test_a_new_folder_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: synced.append((os.readlink(f"/proc/self/fd/{handle}"), (tmp_path / "b").exists()))
    )
    with new_folder(tmp_path / "b") as beside:
        (beside / "part").write_bytes(b"all")
    assert synced == [(str(beside / "part"), False), (str(beside), False), (str(tmp_path), True)]


EARLY = ["report.html.999999.tmp", ".records.jsonl.999999.tmp", ".base.yaml.999999", ".study.yaml.999999.tmp"]


@pytest.mark.parametrize("name", EARLY)
def test_what_early_releases_left_half_written_is_removed_too(tmp_path, name):
    (tmp_path / name).touch()
    (tmp_path / name.replace("999999", str(os.getpid()))).touch()  # of a process that lives
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name.replace("999999", str(os.getpid()))]


@pytest.mark.parametrize("name", ["base.yaml.2024", "notes.yaml.999999.tmp", ".report.html.bak", "report.html"])
def test_files_of_the_user_stay(tmp_path, name):
    (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert (tmp_path / name).exists()
