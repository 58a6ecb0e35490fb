from __future__ import annotations

import json

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
