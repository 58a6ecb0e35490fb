"""A Ray cluster of two nodes on this machine, one of which is killed in the middle."""

from __future__ import annotations

import random

import pytest
from test_kill import TRIALS, assert_sound, await_lines, end, outcome, start

from nas.study.log import read_log

pytest.importorskip("ray", reason="the extra ray is not installed")


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Two nodes; the head, where the driver's objects are, trains nothing. Each has a folder of its own."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_DISABLE_MEMORY_MONITOR", "1")
    (tmp_path / "head").mkdir()
    monkeypatch.chdir(tmp_path / "head")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        cluster.add_node(num_cpus=1)
    monkeypatch.chdir(tmp_path)
    yield cluster
    cluster.shutdown()


def test_a_node_that_dies_loses_and_doubles_nothing(cluster, tmp_path):
    folder = tmp_path / "study"
    process = start(folder, 2, TRIALS, f"ray={cluster.address}")
    await_lines(process, folder, random.Random(1).randint(20, 60))
    cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
    code, message = end(process)
    assert code == 0, message
    assert_sound(folder)
    reasons = [event["reason"] for event in read_log(folder / "log.jsonl").events if event["event"] == "retried"]
    assert reasons == ["its node has died"]


def test_the_trainings_have_the_scores_that_they_have_by_local_trainers(cluster, tmp_path):
    assert end(start(tmp_path / "ray", 1, TRIALS, f"ray={cluster.address}"))[0] == 0
    assert end(start(tmp_path / "local", 1)) == (0, "")
    assert outcome(tmp_path / "ray") == outcome(tmp_path / "local")
