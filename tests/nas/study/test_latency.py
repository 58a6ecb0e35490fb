"""Latency budgets: drawn within the rest, measured once, noted, and kept over a restart."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

import pytest
import yaml

from nas.cli.search import result_data
from nas.report.statements import latency_lines
from nas.search import search
from nas.study import StudyError, open_study
from nas.study.journal import Journal
from nas.study.log import open_log, read_log
from nas.study.outcome import Measured
from nas.study.propose import latency
from nas.study.propose.samplers import SAMPLERS
from search_spaces import Budget, cost, digest

LIMIT = 0.13e6


def by_macs(architecture, **fields):
    """A millisecond for each 10,000 multiply-adds; by default nothing has disturbed it."""
    latency_ms = cost(architecture).macs / 1e4
    return Measured(latency_ms, p5_ms=0.9 * latency_ms, p95_ms=1.2 * latency_ms, device="cpu", threads=1, **fields)


@pytest.fixture
def measured(monkeypatch):
    """A device on which a network takes a millisecond for each 10,000 multiply-adds; what was measured on it."""
    seen: list[str] = []

    def on_device(device, threads, alone):
        return lambda architecture: seen.append(digest(architecture)) or by_macs(architecture)

    monkeypatch.setattr(latency, "on_device", on_device)
    return seen


@pytest.fixture
def run(space, by_cost, tmp_path):
    def searched(budgets, **arguments):
        options = {"trials": 8, "retrain": 0, "seeds": 0, "evaluate": by_cost, **arguments}
        return search(space, budgets, **{"out": tmp_path / "study", **options})

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
    latencies = latency.Latencies((Budget.parse("0.001ms"),), journal, by_macs, max_outside=5)
    architectures = iter(space)
    for _ in range(4):
        latencies.of(next(architectures))
    with pytest.raises(StudyError, match=r"the last 5 networks measured lie outside 0\.001ms \(the last"):
        latencies.of(next(architectures))
    assert len(journal.folded.latencies) == 5


def test_a_real_latency_is_measured_on_the_study_s_device(run):
    study = run("10000ms", trials=2)  # inside, whatever else the machine does
    assert all(0 < r.latency_ms <= r.latency_p95_ms < 10_000 for r in study.records)
    assert {(m.device, m.threads, m.batch) for m in study.latencies.values()} == {("cpu", 1, 1)}


@pytest.fixture
def moods(monkeypatch):
    """``moods(texts)``: what disturbs one measurement after the other, None for nothing; the last one goes on."""

    def start(*texts):
        left = list(texts)

        def measure(architecture):
            return by_macs(architecture, disturbance=left.pop(0) if len(left) > 1 else left[0])

        monkeypatch.setattr(latency, "on_device", lambda device, threads, alone: measure)

    return start


def test_what_could_not_be_measured_steadily_is_passed_over_and_measured_again(run, moods, space):
    moods(*["a busy machine"] * 9, None)
    study = run("30ms", trials=36)
    passed = [r for r in study.records if r.state == "infeasible"]
    trained = [r for r in study.records if r.state == "complete"]
    assert all(r.reason == "passed over, its latency could not be measured steadily: a busy machine" for r in passed)
    assert {r.digest for r in trained} == {digest(a) for a in space if cost(a).macs <= 30e4}
    assert not study.unsteady
    assert study.too_slow == 0


def test_what_lies_within_in_spite_of_it_is_trained(run, moods):
    moods("a busy machine")
    study = run("31ms", trials=4)  # 1.2 times the most there is
    assert study.done == 4
    assert not study.unsteady


def test_a_machine_that_stays_busy_ends_the_study_and_blames_no_candidate(run, moods, tmp_path):
    moods("a busy machine")
    with pytest.raises(StudyError, match=r"of the last 10 networks .* steadily \(of the last one a busy machine\)"):
        run("7ms", trials=4)
    assert open_study(tmp_path / "study").state == "failed"
    moods(None)
    assert run("10ms", out=tmp_path / "other", trials=4).done == 4


def test_what_was_measured_is_shown(run, measured, tmp_path):
    study = run("13ms", trials=8)
    base = study.base_latency
    assert (base.latency_ms, base.device, base.threads) == (study.base.macs / 1e4, "cpu", 1)
    assert yaml.safe_load((tmp_path / "study" / "base.yaml").read_text())["provenance"]["latency"] == {
        name: value for name, value in asdict(base).items() if value is not None
    }
    first, last = latency_lines(study)
    within = f"95 % of runs within {1.2 * base.latency_ms:.2f} ms"
    assert first == f"base: latency {base.latency_ms:.2f} ms ({within}; cpu, 1 thread, batch 1)"
    assert last == f"latency: {len(study.latencies)} networks measured, {study.too_slow} of them outside the budget"
    assert 0 < study.too_slow == sum(m.latency_ms > 13 for m in study.latencies.values())
    page = (tmp_path / "study" / "report.html").read_text()
    assert "base, latency" in page
    assert last in page
    assert result_data(study)["latency"]["base"]["p95_ms"] == base.p95_ms


def test_a_log_that_holds_the_median_alone_is_read(tmp_path):
    journal = Journal(tmp_path, open_log(tmp_path / "log.jsonl"), None)
    journal.add("measured", digest="n1-a", latency_ms=3.5)
    assert journal.folded.latencies == {"n1-a": Measured(3.5)}
    assert Measured(3.5).violation(Budget.parse("3ms")) > 0 >= Measured(3.5).violation(Budget.parse("4ms"))
