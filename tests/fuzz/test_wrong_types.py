"""A value of a wrong type in a study, under a right checksum, is named and its event left out."""

from __future__ import annotations

import re
import shutil

import pytest
from materials import Materials
from mutations import SCRIPT

from nas.study import open_study
from nas.study.log import decode, encode


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return Materials(tmp_path_factory.mktemp("sound")).study


@pytest.fixture
def study(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "study")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("macs", "many", "macs must be int, got str"),
        ("top1", 1e308, r"top1 must be float \| None, got float"),
        ("top1_by_epoch", [None], r"top1_by_epoch must be tuple\[float, ...\], got list"),
        ("state", "done", "state must be one of complete, pruned"),
        ("replicate", SCRIPT, "replicate must be int, got str"),
        ("decisions", {"a": 1}, r"decisions must be Mapping\[str, str\], got dict"),
    ],
)
def test_a_value_of_a_wrong_type_is_named_and_its_event_left_out(study, name, value, problem):
    path = study / "log.jsonl"
    lines = path.read_bytes().splitlines()
    index = max(i for i, line in enumerate(lines) if b'"event": "finished"' in line)
    event = decode(lines[index])
    trial = event["trial"]
    event["record"][name] = value
    lines[index] = encode(event).rstrip()
    path.write_bytes(b"\n".join(lines) + b"\n")
    opened = open_study(study)
    assert re.search(problem, opened.problems[0])
    assert opened.records[trial].state == "running"
