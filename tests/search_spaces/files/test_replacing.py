from __future__ import annotations

import os

import pytest

from search_spaces import UserError, load, save
from search_spaces.files.atomic import replacing
from search_spaces.files.temporary import beside


def test_a_reader_sees_the_old_content_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
        assert {entry.name for entry in tmp_path.iterdir()} == {"a.yaml", beside(path).name}
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_ends_halfway_changes_nothing_and_leaves_nothing_behind(error, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("old")

    def fail_halfway():
        with replacing(path) as file:
            file.write(b"ne")
            assert beside(path).exists()
            raise error

    with pytest.raises(error):
        fail_halfway()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_file_and_folder_are_synced_before_and_after_the_rename(tmp_path, monkeypatch):
    path, synced = tmp_path / "a.yaml", []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append((os.path.isdir(handle), path.exists())))
    save(load("resnet-18"), path)
    assert synced == [(False, False), (True, True)]


def test_a_file_that_cannot_be_written_is_one_clear_line(tmp_path):
    with pytest.raises(UserError, match=r"^cannot write .*/none/a\.yaml: No such file or directory$"):
        save(load("resnet-18"), tmp_path / "none" / "a.yaml")
