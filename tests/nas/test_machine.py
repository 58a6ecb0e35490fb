"""How many cores a process may use, and how OpenMP's threads wait, before torch is loaded."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from nas.machine import cores, may_have_gpu, one_thread, usable_cores, usable_memory

V1 = ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")


@pytest.fixture
def cgroup(tmp_path, monkeypatch):
    """A machine of 64 cores; ``cgroup({"cpu.max": "200000 100000"})`` puts files where the kernel has them."""
    root, opened, exists = "/sys/fs/cgroup", builtins.open, os.path.exists

    def moved(path):
        return path.replace(root, str(tmp_path)) if str(path).startswith(root) else path

    monkeypatch.setattr("os.cpu_count", lambda: 64)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(64)), raising=False)
    monkeypatch.setattr("os.path.exists", lambda path: exists(moved(path)))
    monkeypatch.setattr("builtins.open", lambda path, *rest, **options: opened(moved(path), *rest, **options))
    monkeypatch.delenv("LOKY_MAX_CPU_COUNT", raising=False)
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)

    def put(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(f"{text}\n")

    return put


@pytest.mark.parametrize(
    ("files", "count"),
    [
        ({}, 64),
        ({"cpu.max": "max 100000"}, 64),
        ({"cpu.max": "200000 100000"}, 2),
        ({"cpu.max": "150000 100000"}, 2),
        ({"cpu.max": "10000 100000"}, 1),
        (dict(zip(V1, ("-1", "100000"), strict=True)), 64),
        (dict(zip(V1, ("400000", "100000"), strict=True)), 4),
    ],
    ids=str,
)
def test_the_quota_of_a_container_is_respected(cgroup, files, count):
    cgroup(files)
    assert usable_cores() == cores() == count


def test_processes_of_one_training_share_the_cores(cgroup, monkeypatch):
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert cores() == 16
    cgroup({"cpu.max": "200000 100000"})
    assert cores() == 1


def test_cores_are_counted_in_one_place():
    package = Path(sys.modules["nas"].__file__).parent
    users = {p.name for p in package.rglob("*.py") if any(word in p.read_text() for word in ("cpu_count", "affinity"))}
    assert users == {"machine.py"}


@pytest.mark.parametrize(
    ("program", "given", "policy"),
    [
        ("import nas", None, "PASSIVE"),
        ("import nas.cli", None, "PASSIVE"),
        ("import nas", "ACTIVE", "ACTIVE"),
        ("import torch, nas", None, None),  # too late
    ],
)
def test_idle_threads_sleep_unless_the_user_wants_otherwise(program, given, policy):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment["PYTHONPATH"] = os.pathsep.join(place for place in sys.path if place)
    if given:
        environment["OMP_WAIT_POLICY"] = given
    code = f"{program}, os; print(os.environ.get('OMP_WAIT_POLICY'))"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(policy)


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({}, None),
        ({"proc/meminfo": "MemTotal: 100 kB\nMemAvailable: 60 kB"}, 60 << 10),
        ({"proc/meminfo": "MemAvailable: 60 kB", "sys/fs/cgroup/memory.max": "max"}, 60 << 10),
        (
            {
                "proc/meminfo": "MemAvailable: 60 kB",
                "sys/fs/cgroup/memory.max": "30000",
                "sys/fs/cgroup/memory.current": "9000",
            },
            21000,
        ),
        (
            {
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "500",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": "600",
            },
            0,
        ),
    ],
)
def test_the_memory_that_is_free_is_that_of_the_machine_and_within_the_containers_limit(tmp_path, files, free):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert usable_memory(tmp_path) == free


def test_a_gpu_may_be_there_where_the_library_of_its_driver_is(monkeypatch):
    monkeypatch.setattr("nas.machine.CUDA_DRIVERS", ("no-such-library.so.1",))
    assert may_have_gpu() == Path("/dev/kfd").exists()
    monkeypatch.setattr("nas.machine.CUDA_DRIVERS", ("no-such-library.so.1", None))  # None is the program itself
    assert may_have_gpu()


def test_linear_algebra_has_one_thread_within_and_as_many_as_before_afterwards():
    import scipy.linalg  # noqa: F401  # has its own library beside NumPy's

    with threadpool_limits(2):
        before = [library["num_threads"] for library in threadpool_info()]
        with one_thread():
            assert {library["num_threads"] for library in threadpool_info()} == {1}
        assert [library["num_threads"] for library in threadpool_info()] == before
