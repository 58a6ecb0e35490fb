"""Decoded images kept on disk: same data set, shared, and never the reason of an error."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from random_images import drawn, whole

from nas.data.by_name import load_data
from nas.data.dataset import Data
from nas.data.splits import Split
from nas.data.store import entries
from search_spaces.errors import UserError
from search_spaces.files.temporary import beside


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def photos(tmp_path):
    return drawn(tmp_path / "photos")


def entry(store):
    (folder,) = store.iterdir()
    return folder


def content(data):
    return data.digest, *(array.tobytes() for array in whole(data))


def test_the_second_time_nothing_is_decoded(photos, store, monkeypatch):
    first = load_data(f"folder:{photos}")
    monkeypatch.setattr("nas.data.folder.decode", None)
    monkeypatch.setattr("nas.data.image_files.header", None)
    second = load_data(f"folder:{photos}")
    assert content(first) == content(second)
    assert (first.notes, first.classes, first.name) == (second.notes, second.classes, second.name)


def test_the_digest_is_stored_and_right(photos, store):
    data = load_data(f"folder:{photos}")
    assert "digest" in vars(data)
    assert Data(data.name, data.classes, data.train, data.val, data.test).digest == data.digest


def test_pixels_that_differ_from_the_digest_are_damage(photos, store):
    first = content(load_data(f"folder:{photos}"))
    with (entry(store) / "val.images.npy").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    again = load_data(f"folder:{photos}")
    assert content(again) == first
    assert any("damaged (their digest is d1-" in note for note in again.notes)


def test_the_digest_is_verified_once_after_each_change(photos, store, monkeypatch):
    notes = load_data(f"folder:{photos}").notes
    hashed = []
    feed = Split.feed
    monkeypatch.setattr(Split, "feed", lambda split, update: (hashed.append(split), feed(split, update)))
    load_data(f"folder:{photos}")
    assert hashed == []
    os.utime(entry(store) / "train.images.npy")
    assert load_data(f"folder:{photos}").notes == notes
    assert len(hashed) == 3


KILLED = """
import os, signal, sys
import numpy
from nas.data.by_name import load_data
numpy.save = lambda path, array: (path.write_bytes(bytes(1000)), os.kill(os.getpid(), signal.SIGKILL))
load_data(sys.argv[1])
"""


def kill_while_writing(photos):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}
    command = [sys.executable, "-c", KILLED, f"folder:{photos}"]
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL


def test_what_a_kill_left_is_removed_by_the_next_writer(photos, store):
    kill_while_writing(photos)
    assert entry(store).name[0] == "."
    load_data(f"folder:{photos}")
    assert entry(store).name[0] != "."


def test_the_command_lists_and_removes_what_is_kept(photos, store, nas):
    assert nas("cache").out == f"nothing is kept in {store}\n"
    data = load_data(f"folder:{photos}")
    kill_while_writing(drawn(photos.parent / "others"))
    broken, unfinished, foreign = store / ("0" * 32), beside(store / ("1" * 32)), store / "precious"
    for folder in (broken, unfinished, foreign):
        folder.mkdir()
    facts = nas("cache", "--json").data
    kept, *rest = facts["entries"]
    assert (kept["name"], kept["images"], kept["digest"], kept["state"]) == ("photos", 21, data.digest, "kept")
    assert {"being written", "left by a kill", "damaged"} == {entry["state"] for entry in rest}
    assert {str(broken), str(unfinished)} < {entry["folder"] for entry in rest}
    assert facts["bytes"] == sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
    assert "photos" in nas("cache").out
    assert "removed 3 data sets" in nas("cache", "--clear").out
    assert set(store.iterdir()) == {unfinished, foreign}


@pytest.mark.parametrize("change", ["touch", "rename", "remove", "seed"])
def test_what_changes_the_images_changes_the_key(photos, store, change):
    load_data(f"folder:{photos}")
    file = photos / "cat" / "1.png"
    if change == "touch":
        os.utime(file, ns=(1, 1))
    elif change == "rename":
        file.rename(photos / "cat" / "new.png")
    elif change == "remove":
        file.unlink()
    load_data(f"folder:{photos}", 1 if change == "seed" else 0)
    assert len(list(store.iterdir())) == 2


def test_a_write_stays_in_its_process_and_out_of_the_file(photos, store):
    first = load_data(f"folder:{photos}")
    digest = first.digest
    first.train.images[:] = 0
    vars(again := load_data(f"folder:{photos}")).pop("digest")
    assert again.digest == digest


@pytest.mark.parametrize("name", ["meta.json", "train.images.npy", "val.labels.npy"])
@pytest.mark.parametrize("keep", [0, 40, None])
def test_a_damaged_store_costs_a_note_only(photos, store, name, keep):
    first = content(load_data(f"folder:{photos}"))
    file = entry(store) / name
    whole_file = file.read_bytes()
    file.unlink()
    if keep is not None:
        file.write_bytes(whole_file[:keep])
    again = load_data(f"folder:{photos}")
    assert content(again) == first
    assert any(str(entry(store)) in note for note in again.notes)


def test_arrays_of_another_shape_are_damage(photos, store):
    first = content(load_data(f"folder:{photos}"))
    np.save(entry(store) / "val.images.npy", np.zeros((4, 8, 8, 3), dtype=np.uint8))
    again = load_data(f"folder:{photos}")
    assert content(again) == first
    assert any("val is not of shape (3, 3, 8, 8)" in note for note in again.notes)


def test_a_store_that_cannot_be_written_costs_a_note_only(photos, store):
    store.write_text("a file where the folder should be")
    data = load_data(f"folder:{photos}")
    assert len(data.train) == 12
    assert any("cannot be kept" in note for note in data.notes)


def test_a_write_that_fails_leaves_nothing(photos, store, monkeypatch):
    def full(path, array):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    assert any("No space" in note for note in load_data(f"folder:{photos}").notes)
    assert list(store.iterdir()) == []


def digest_of(spec):
    return load_data(spec).digest


def test_many_writers_at_once_leave_one_entry(photos, store):
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        digests = set(pool.map(digest_of, [f"folder:{photos}"] * 8))
    assert len(digests) == 1
    assert entry(store).name[0] != "."


def test_above_the_limit_what_was_used_least_recently_goes(photos, store, monkeypatch):
    """A use counts, not the age: of three the one that was opened last stays beside a new one."""
    for seed in (0, 1, 2):
        load_data(f"folder:{photos}", seed)
    ages = {path: 100 + 100 * index for index, path in enumerate(store.iterdir())}
    for path, age in ages.items():
        os.utime(path, (age, age))
    load_data(f"folder:{photos}", 1)
    used = max(store.iterdir(), key=lambda path: path.stat().st_mtime)
    monkeypatch.setenv("NAS_CACHE_GB", str(2.5 * entries()[0].bytes / 1e9))
    load_data(f"folder:{photos}", 3)
    assert len(list(store.iterdir())) == 2
    assert used in store.iterdir()


def test_a_data_set_above_the_limit_is_kept_alone(photos, store, monkeypatch):
    monkeypatch.setenv("NAS_CACHE_GB", "0")
    load_data(f"folder:{photos}", 0)
    load_data(f"folder:{photos}", 1)
    assert len(list(store.iterdir())) == 1


def test_a_limit_that_is_no_number_is_refused(photos, store, monkeypatch):
    monkeypatch.setenv("NAS_CACHE_GB", "much")
    with pytest.raises(UserError, match="NAS_CACHE_GB: must be a number of gigabytes, got 'much'"):
        load_data(f"folder:{photos}")


def test_one_data_set_is_removed_by_name(photos, store, nas):
    load_data(f"folder:{photos}")
    assert "removed 0 data sets" in nas("cache", "--clear", "others").out
    assert "removed 1 data sets" in nas("cache", "--clear", "photos").out
