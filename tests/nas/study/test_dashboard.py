"""A study as optuna-dashboard sees it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.error import URLError

import optuna
import pytest

from nas.search import search
from nas.study.dashboard import write_dashboard

PATIENCE = 60.0  # seconds


@pytest.fixture
def study(space, by_cost, tmp_path):
    return search(space, "0.13MFLOPs", evaluate=by_cost, out=tmp_path / "mine", trials=6, retrain=0, sampler="tpe")


def test_it_has_every_trial_with_decisions_scores_and_costs(study):
    path = write_dashboard(study)
    assert [other.name for other in path.parent.iterdir() if other.name.startswith("study.db")] == ["study.db"]
    mirror = optuna.load_study(study_name="mine", storage=f"sqlite:///{path}")
    assert mirror.direction.name == "MAXIMIZE"
    assert mirror.best_value == study.base.top1
    assert len(mirror.trials) == len(study.records)
    for trial, record in zip(mirror.trials, study.records, strict=True):
        assert trial.params == dict(record.decisions)
        assert trial.state.name == {"complete": "COMPLETE"}.get(record.state, "PRUNED")
        assert trial.user_attrs["macs"] == record.macs
        assert trial.constraints == dict(record.constraints)


def test_it_is_written_anew(study):
    assert write_dashboard(study).stat().st_size == write_dashboard(study).stat().st_size


@pytest.mark.skipif(shutil.which("optuna-dashboard") is None, reason="optuna-dashboard is not installed")
def test_the_dashboard_opens_it(study):
    path = write_dashboard(study)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["optuna-dashboard", f"sqlite:///{path}", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    try:
        [summary] = asked(f"http://127.0.0.1:{port}/api/studies", server)["study_summaries"]
        assert summary["study_name"] == "mine"
        details = asked(f"http://127.0.0.1:{port}/api/studies/{summary['study_id']}", server)
        assert len(details["trials"]) == len(study.records)
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)


def asked(address, server):
    """What the server answers, once it is there."""
    end = time.monotonic() + PATIENCE
    while True:
        assert server.poll() is None
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
                return json.load(answer)
        except URLError:
            assert time.monotonic() < end
            time.sleep(0.2)
