"""Cores that a process may use: those of its affinity, within the CPU quotas of its containers."""

from __future__ import annotations

import os

import pytest

from nas.storage.cores import cores

AVAILABLE = 8


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of eight cores, whose control groups are the files that a test names."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(AVAILABLE)), raising=False)

    def seen(membership, **files):
        (tmp_path / "membership").write_text(membership)
        for name, text in files.items():
            path = tmp_path / "cgroup" / name.replace("__", "/").replace("_max", ".max").replace("cfs", "cpu.cfs")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return cores(tmp_path / "cgroup", tmp_path / "membership")

    return seen


@pytest.mark.parametrize(
    ("quota", "count"),
    [("max 100000", 8), ("200000 100000", 2), ("250000 100000", 2), ("50000 100000", 1), ("9900000 100000", 8)],
)
def test_a_quota_of_version_2_bounds_them(machine, quota, count):
    assert machine("0::/\n", cpu_max=quota) == count


def test_the_least_quota_on_the_way_up_holds(machine):
    groups = {"a__cpu_max": "300000 100000", "a__b__cpu_max": "600000 100000", "other__cpu_max": "100000 100000"}
    assert machine("0::/a/b\n", **groups) == 3


@pytest.mark.parametrize(("quota", "count"), [("-1", 8), ("400000", 4), ("150000", 1)])
def test_a_quota_of_version_1_bounds_them(machine, quota, count):
    files = {"cpu__box__cfs_quota_us": quota, "cpu__box__cfs_period_us": "100000"}
    assert machine("4:memory:/box\n1:cpu,cpuacct:/box\n", **files) == count


@pytest.mark.parametrize("quota", ["", "max", "100000 0", "words of nothing", "1e5 100000"])
def test_what_is_no_quota_bounds_nothing(machine, quota):
    assert machine("0::/\nno line\n", cpu_max=quota) == AVAILABLE


def test_without_control_groups_it_is_the_affinity(machine, tmp_path):
    machine("")
    assert cores(tmp_path / "none", tmp_path / "none") == AVAILABLE
