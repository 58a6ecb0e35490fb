"""The machine as a process finds it: how many cores it may use, and how OpenMP's idle threads wait."""

from __future__ import annotations

import os
import sys

WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Idle threads sleep. By default those of torch's OpenMP (libgomp, on macOS libomp) spin for a moment after each
operation, which takes the cores from whoever else computes; both read this variable once, when they are loaded."""


def let_threads_sleep() -> None:
    """Put ``WAITING`` into the environment, where it is not set; too late for a torch that is loaded already."""
    if "torch" not in sys.modules:
        for name, value in WAITING.items():
            os.environ.setdefault(name, value)


def usable_cores() -> int:
    """Cores that this process may use: by its affinity, and by the CPU quota of its container (cgroup v1 and v2),
    rounded up."""
    from joblib import cpu_count

    return int(cpu_count())


def cores() -> int:
    """This process's share of them, where `torchrun` started several."""
    return max(1, usable_cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
