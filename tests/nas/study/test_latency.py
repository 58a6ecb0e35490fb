"""Latency budgets: drawn within the rest, measured once, noted, and kept over a restart."""

from __future__ import annotations

from collections import Counter

import pytest

from nas.search import search
from nas.study import StudyError
from nas.study.journal import Journal
from nas.study.log import open_log, read_log
from nas.study.propose import latency
from nas.study.propose.samplers import SAMPLERS
from search_spaces import Budget, cost, digest

LIMIT = 0.13e6


@pytest.fixture
def measured(monkeypatch):
    """A device on which a network takes a millisecond for each 10,000 multiply-adds; what was measured on it."""
    seen: list[str] = []

    def on_device(device, threads):
        return lambda architecture: seen.append(digest(architecture)) or cost(architecture).macs / 1e4

    monkeypatch.setattr(latency, "on_device", on_device)
    return seen


@pytest.fixture
def run(space, by_cost, tmp_path):
    def searched(budgets, **arguments):
        options = {"trials": 8, "retrain": 0, "seeds": 0, "evaluate": by_cost, **arguments}
        return search(space, budgets, out=tmp_path / "study", **options)

    return searched


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_nothing_over_the_latency_is_trained(run, measured, sampler):
    study = run(("13ms", "0.2MFLOPs"), sampler=sampler)
    trained = [r for r in study.records if r.state == "complete"]
    assert (study.state, len(trained)) == ("finished", 8)
    assert all(r.macs <= LIMIT and r.latency_ms == r.macs / 1e4 for r in trained)
    assert all(r.constraints["13ms"] <= 0 for r in trained)
    over = [r for r in study.records if r.state == "infeasible"]
    assert all(r.latency_ms is None or r.latency_ms > 13 for r in over)
    assert max(Counter(measured).values()) == 1


def test_what_was_measured_is_in_the_log_and_not_measured_again(run, measured, tmp_path):
    run("13ms", trials=4)
    noted = [e for e in read_log(tmp_path / "study" / "log.jsonl").events if e["event"] == "measured"]
    assert [event["digest"] for event in noted] == measured
    before = len(measured)
    study = run("13ms", trials=8)
    assert study.done == 8
    assert len(measured) > before
    assert max(Counter(measured).values()) == 1


def test_a_restart_proposes_the_same_networks(run, measured, tmp_path, space, by_cost):
    whole = search(space, "13ms", out=tmp_path / "whole", trials=8, retrain=0, seeds=0, evaluate=by_cost)
    run("13ms", trials=3)
    parts = run("13ms", trials=8)
    assert [r.digest for r in parts.records] == [r.digest for r in whole.records]


def test_a_latency_that_nothing_meets_ends_with_what_was_measured(space, tmp_path):
    journal = Journal(tmp_path, open_log(tmp_path / "log.jsonl"), None)
    latencies = latency.Latencies((Budget.parse("0.001ms"),), journal, lambda a: cost(a).macs / 1e4, max_outside=5)
    architectures = iter(space)
    for _ in range(4):
        latencies.of(next(architectures))
    with pytest.raises(StudyError, match=r"the last 5 networks measured lie outside 0\.001ms \(the last"):
        latencies.of(next(architectures))
    assert len(journal.folded.latencies) == 5


def test_a_real_latency_is_measured_on_the_study_s_device(run):
    study = run("10000ms", trials=2)
    assert all(0 < record.latency_ms < 10_000 for record in study.records)
