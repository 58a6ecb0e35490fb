"""Decoded images kept on disk: same data set, shared, and never the reason of an error."""

from __future__ import annotations

import json
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from made_images import drawn, whole

from nas.data import load_data
from nas.data import store as own
from nas.data.dataset import Data


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


def same(one, other):
    return one.digest == other.digest and all(map(np.array_equal, whole(one), whole(other)))


def test_the_second_time_nothing_is_decoded(photos, store, monkeypatch):
    first = load_data(f"folder:{photos}")
    monkeypatch.setattr("nas.data.folder.decode", None)
    monkeypatch.setattr("nas.data.files.header", None)
    second = load_data(f"folder:{photos}")
    assert same(first, second)
    assert (first.notes, first.classes, first.name) == (second.notes, second.classes, second.name)


def test_the_digest_is_stored_and_right(photos, store):
    data = load_data(f"folder:{photos}")
    assert "digest" in vars(data)
    assert Data(data.name, data.classes, data.train, data.val, data.test).digest == data.digest


def test_a_digest_that_is_not_stored_is_computed(photos, store):
    digest = load_data(f"folder:{photos}").digest
    meta = entry(store) / "meta.json"
    meta.write_text(json.dumps({k: v for k, v in json.loads(meta.read_text()).items() if k != "digest"}))
    assert load_data(f"folder:{photos}").digest == digest


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
    first = load_data(f"folder:{photos}")
    file = entry(store) / name
    content = file.read_bytes()
    file.unlink()
    if keep is not None:
        file.write_bytes(content[:keep])
    again = load_data(f"folder:{photos}")
    assert same(first, again)
    assert any(str(entry(store)) in note for note in again.notes)


def test_arrays_of_another_shape_are_damage(photos, store):
    first = load_data(f"folder:{photos}")
    np.save(entry(store) / "val.images.npy", np.zeros((3, 8, 8, 3), dtype=np.uint8))
    assert same(first, load_data(f"folder:{photos}"))


def test_a_store_that_cannot_be_written_costs_a_note_only(photos, store):
    store.write_text("a file where the folder should be")
    data = load_data(f"folder:{photos}")
    assert len(data.train) == 12
    assert any("cannot be kept" in note for note in data.notes)


def test_a_write_that_fails_leaves_nothing(photos, store, monkeypatch):
    def full(path, array):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(own.np, "save", full)
    assert any("No space" in note for note in load_data(f"folder:{photos}").notes)
    assert list(store.iterdir()) == []


def digest_of(spec):
    return load_data(spec).digest


def test_many_writers_at_once_leave_one_entry(photos, store):
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        digests = set(pool.map(digest_of, [f"folder:{photos}"] * 8))
    assert len(digests) == 1
    assert entry(store).name[0] != "."
