"""What is derived from the log is made again by the same call, whenever it is missing, damaged or old."""

from __future__ import annotations

import os

import pytest

from nas import search
from nas.storage import layout
from nas.study import open_study
from search_spaces.errors import UserError

DAMAGE = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "changed": lambda path: path.write_bytes(path.read_bytes().replace(b"e", b"f", 1)),
}


@pytest.fixture
def run(space, by_cost, tmp_path):
    """The same call again and again; its study."""

    def again(trials=4):
        return search(space, evaluate=by_cost, out=tmp_path / "study", trials=trials, retrain=0)

    return again


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", [layout.BASE, layout.RECORDS, layout.REPORT])
def test_what_is_derived_is_made_again_without_a_word_in_the_log(run, tmp_path, name, damage):
    run()
    folder = tmp_path / "study"
    sound, log = (folder / name).read_bytes(), (folder / layout.LOG).read_bytes()
    DAMAGE[damage](folder / name)
    run()
    assert (folder / name).read_bytes() == sound
    assert (folder / layout.LOG).read_bytes() == log


def test_a_page_that_is_older_than_the_log_is_made_again(run, tmp_path):
    """As after a kill between the last line of a longer search and its page."""
    run(4)
    folder = tmp_path / "study"
    old, times = (folder / layout.REPORT).read_bytes(), (folder / layout.REPORT).stat()
    run(8)
    new = (folder / layout.REPORT).read_bytes()
    (folder / layout.REPORT).write_bytes(old)
    os.utime(folder / layout.REPORT, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert run(8).done == open_study(folder).done == 8
    assert (folder / layout.REPORT).read_bytes() == new


def test_what_is_right_is_not_written_anew(run, tmp_path):
    run()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "study").iterdir()}
    run()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "study").iterdir()} == before


@pytest.mark.parametrize("trials", [4, 8])
@pytest.mark.parametrize("name", [layout.BASE, layout.RECORDS, layout.REPORT])
def test_a_folder_in_the_place_of_a_file_is_named(run, tmp_path, name, trials):
    run(4)
    path = tmp_path / "study" / name
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match=f"{name} is a folder, and the study writes a file there"):
        run(trials)
    path.rmdir()
    assert run(trials).state == "finished"


def test_a_study_that_does_not_say_how_long_it_trains_is_refused(run, tmp_path):
    run(4)
    path = tmp_path / "study" / layout.STUDY
    path.write_text(path.read_text().replace("settings: {epochs: null}", "settings: {}"))
    with pytest.raises(UserError, match=r"study\.yaml: settings\.epochs is missing"):
        run(8)
