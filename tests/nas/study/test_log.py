from __future__ import annotations

import json
import os
import zlib

import pytest

from nas.study.log import VERSION, decode, encode, open_log, read_log
from search_spaces import UserError


@pytest.fixture
def path(tmp_path):
    log = open_log(tmp_path / "log.jsonl")
    log.append("epoch", trial=1, epoch=1, top1=0.1)
    log.append("finished", durable=True, trial=1, record={"é": [1, None]})
    log.close()
    return tmp_path / "log.jsonl"


def names(path):
    return [event["event"] for event in read_log(path).events]


def test_the_first_line_says_the_version(path):
    first = read_log(path).events[0]
    assert (first["event"], first["version"]) == ("log", VERSION)


def test_a_line_is_an_object_with_its_checksum_last(path):
    for line in path.read_text().splitlines():
        assert list(json.loads(line))[-1] == "crc"


@pytest.mark.parametrize("at", range(1, 60, 7))
def test_every_changed_byte_is_noticed(at):
    line = encode({"event": "epoch", "trial": 3, "top1": 0.125, "seconds": 1.5})[:-1]
    changed = line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]
    assert decode(line)["top1"] == 0.125
    with pytest.raises(ValueError, match="checksum"):
        decode(changed)


def test_nan_is_refused_before_anything_is_written(path):
    size = path.stat().st_size
    log = open_log(path)
    with pytest.raises(ValueError, match="JSON"):
        log.append("epoch", top1=float("nan"))
    log.close()
    assert path.stat().st_size == size


@pytest.mark.parametrize("cut", [1, 2, 20, 60])
def test_a_torn_end_is_named_set_aside_and_survived(path, cut):
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    torn = whole[:-cut].rpartition(b"\n")[2]
    assert "cut short" in read_log(path).problems[0]
    log = open_log(path)
    log.append("epoch", trial=2)
    log.close()
    assert (path.parent / "log.damaged").read_bytes() == torn + b"\n"
    assert names(path) == ["log", "epoch", "repaired", "epoch"]
    assert read_log(path).problems == ()


def test_a_damaged_line_in_the_middle_stays_is_named_and_survived(path):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"\x00garbage\n" + lines[2])
    before = path.read_bytes()
    content = read_log(path)
    assert names(path) == ["log", "finished"]
    assert "line 2 is damaged" in content.problems[0]
    open_log(path).close()
    assert path.read_bytes() == before


def test_lines_that_are_missing_are_noticed_and_what_follows_is_read(path):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    (problem,) = read_log(path).problems
    assert problem.endswith("1 lines are missing before line 2: what they said is done again")
    log = open_log(path)
    log.append("epoch", trial=2)
    log.close()
    assert names(path) == ["log", "finished", "epoch"]
    assert len(read_log(path).problems) == 1


def test_a_line_that_stands_there_twice_is_read_once(path):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[1], *lines[2:]]))
    assert "line 3 stands there a second time" in read_log(path).problems[0]
    assert names(path) == ["log", "epoch", "finished"]


@pytest.mark.parametrize("inserted", [b"garbage\n", b"a\nb\n"])
def test_what_was_put_between_hides_nothing(path, inserted):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + inserted + b"".join(lines[1:]))
    assert names(path) == ["log", "epoch", "finished"]


def test_lines_that_are_merged_are_damaged_and_missing(path):
    first, second, third = path.read_bytes().splitlines(keepends=True)
    log = open_log(path)
    log.append("epoch", trial=2)
    log.close()
    last = path.read_bytes().splitlines(keepends=True)[-1]
    path.write_bytes(first + second[:-1] + third + last)
    assert names(path) == ["log", "epoch"]
    assert [" ".join(problem.split()[1:5]) for problem in read_log(path).problems] == [
        "line 2 is damaged",
        "1 lines are missing",
    ]


def test_a_log_of_an_early_release_which_did_not_count_is_read_and_continued(path):
    events = [{name: value for name, value in event.items() if name != "line"} for event in read_log(path).events]
    path.write_bytes(b"".join(encode({n: v for n, v in event.items() if n != "crc"}) for event in events))
    log = open_log(path)
    assert log.append("epoch", trial=2)["line"] == 4
    log.close()
    assert (names(path), read_log(path).problems) == (["log", "epoch", "finished", "epoch"], ())


def test_a_log_of_another_version_is_refused(path):
    path.write_bytes(encode({"event": "log", "time": 0.0, "version": VERSION + 1}))
    with pytest.raises(UserError, match=f"version {VERSION + 1}"):
        read_log(path)


@pytest.mark.parametrize("becomes", ["removed", "renamed", "another"])
def test_a_log_whose_file_is_gone_is_not_written_on(path, becomes):
    log = open_log(path)
    if becomes == "removed":
        path.unlink()
    else:
        path.rename(path.with_name("elsewhere"))
    if becomes == "another":
        path.touch()
    with pytest.raises(FileNotFoundError, match=r"log\.jsonl is no longer there: the folder of the study was removed"):
        log.append("epoch", trial=1, epoch=2, top1=0.2)
    log.close()


@pytest.mark.parametrize("written", [None, 30])
def test_a_write_that_is_interrupted_or_cut_short_spoils_nothing_after_it(path, monkeypatch, written):
    """A signal comes when all of a line is written; or the disk is full, for a moment."""
    log, write = open_log(path), os.write

    def interrupted(handle, line):
        write(handle, line[:written])
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        log.append("epoch", trial=2, epoch=1)
    monkeypatch.setattr(os, "write", write)
    log.append("ended", state="interrupted")
    log.close()
    content = read_log(path)
    assert content.problems == ()
    expected = (
        ["log", "epoch", "finished", "epoch", "ended"] if written is None else ["log", "epoch", "finished", "ended"]
    )
    assert [event["event"] for event in content.events] == expected


def test_an_event_that_is_nested_too_deep_is_a_damaged_line(path):
    deep = b'{"event": "epoch", "line": 4, "a": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    line = encode({"event": "epoch", "line": 4, "a": 0})
    assert decode(line[:-1])["a"] == 0
    path.write_bytes(path.read_bytes() + deep[:-1] + b', "crc": "%08x"}\n' % zlib.crc32(deep))
    assert "line 4 is damaged (it is nested too deep)" in read_log(path).problems[0]


def test_a_pipe_is_no_log(tmp_path):
    os.mkfifo(tmp_path / "log.jsonl")
    with pytest.raises(UserError, match="is a pipe or a device"):
        read_log(tmp_path / "log.jsonl")
