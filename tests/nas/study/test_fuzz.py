"""Damaged studies are read as far as they are sound, or refused in one line; never more."""

from __future__ import annotations

import re

import pytest
from fuzz import SCRIPT, check

from nas.report.page import page
from nas.search import search
from nas.study import open_study
from nas.study.log import decode, encode
from search_spaces import cost


@pytest.fixture
def study(space, tmp_path):
    """A small study with retrainings, its folder."""
    options = {"trials": 6, "retrain": 1, "seeds": 2, "evaluator_name": "mine"}
    search(space, evaluate=lambda a, seed, report: cost(a).macs / 1e7, out=tmp_path / "study", **options)
    return tmp_path / "study"


def test_random_damage_is_no_traceback(study):
    read = [check(study, ("log.jsonl", "study.yaml"), seed) for seed in range(120)]
    assert any(read)
    assert not all(read)


def test_nor_is_it_to_the_page(study):
    for seed in range(5):
        check(study, ("log.jsonl",), seed, page)


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
