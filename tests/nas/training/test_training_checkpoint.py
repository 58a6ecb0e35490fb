"""Checkpoints: damaged ones are named and survived, hostile ones run no code."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import pickle

import pytest
import torch

from nas.training.checkpoint import load_checkpoint, previous, save_checkpoint
from nas.training.loop import train
from search_spaces import UserError


def state(number):
    return {"key": "k", "model": {"w": torch.full((3,), float(number))}}


def test_the_newest_comes_back(tmp_path):
    path = tmp_path / "a" / "t0.pt"
    for number in (1, 2):
        save_checkpoint(path, state(number))
    assert torch.equal(load_checkpoint(path, "k")["model"]["w"], torch.full((3,), 2.0))
    assert load_checkpoint(tmp_path / "none", "k") is None


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_cut_one_is_named_and_the_one_before_used(tmp_path, keep):
    path = tmp_path / "t0.pt"
    for number in (1, 2):
        save_checkpoint(path, state(number))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.warns(RuntimeWarning, match=r"t0\.pt cannot be used"):
        newest = load_checkpoint(path, "k")
    assert torch.equal(newest["model"]["w"], torch.full((3,), 1.0))


class FullDisk(io.BytesIO):
    """A file with room for so many bytes."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def write(self, data):
        if self.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("room", [10, 1000, 5000, 20_000, 40_000])
def test_a_full_disk_is_said_wherever_in_the_archive_it_comes(tmp_path, monkeypatch, room):
    """Torch itself says "unexpected pos" in the middle, which reads as an error of the training."""
    monkeypatch.setattr("nas.training.checkpoint.replacing", lambda path, keep: contextlib.nullcontext(FullDisk(room)))
    with pytest.raises(OSError, match="No space left on device"):
        save_checkpoint(tmp_path / "t0.pt", {"key": "k", "model": {"w": torch.zeros(10_000)}})


def test_one_of_another_training_is_refused(tmp_path):
    save_checkpoint(tmp_path / "t0.pt", state(1))
    with pytest.raises(UserError, match="is no checkpoint of this training; it is not overwritten"):
        load_checkpoint(tmp_path / "t0.pt", "other")


def test_a_training_does_not_overwrite_the_checkpoint_of_another(network, noisy, quick, tmp_path):
    path = tmp_path / "t0.pt"
    save_checkpoint(path, state(1))
    before = path.read_bytes()
    with pytest.raises(UserError, match="is no checkpoint of this training"):
        train(network, noisy, quick, checkpoint=path)
    assert path.read_bytes() == before


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize(
    "write", [lambda x, f: f.write_bytes(pickle.dumps(x, protocol=2)), torch.save], ids=["pickle", "torch"]
)
def test_a_hostile_one_runs_no_code(tmp_path, write):
    path, mark = tmp_path / "t0.pt", tmp_path / "mark"
    write({"key": "k", "model": Hostile(mark)}, path)
    with pytest.warns(RuntimeWarning, match="cannot be used"):
        assert load_checkpoint(path, "k") is None
    assert not mark.exists()
    assert not previous(path).exists()
