"""The machine as a process finds it: how many cores it may use, and how the threads of libraries wait."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Idle threads sleep. By default those of torch's OpenMP (libgomp, on macOS libomp) spin for a moment after each
operation, which takes the cores from whoever else computes; both read this variable once, when they are loaded."""


def let_threads_sleep() -> None:
    """Put ``WAITING`` into the environment, where it is not set; too late for a torch that is loaded already."""
    if "torch" not in sys.modules:
        for name, value in WAITING.items():
            os.environ.setdefault(name, value)


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, what NumPy, SciPy and scikit-learn compute has one thread, where their libraries are loaded already.

    For work of a second or less beside trainers on every core: threads that wait for each other while others have the
    cores took 16 s for a Gaussian process of 0.06 s, and 108 s for a logistic regression of 12 s.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


CUDA_DRIVERS = ("libcuda.so.1", "nvcuda.dll")  # its library on Linux, on Windows


def may_have_gpu() -> bool:
    """Whether torch may find a GPU: the library of CUDA's driver can be loaded, or ROCm's device is there. Where
    not, torch need not be asked, whose import takes more than a second."""
    return any(map(_can_be_loaded, CUDA_DRIVERS)) or Path("/dev/kfd").exists()


def _can_be_loaded(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def usable_cores() -> int:
    """Cores that this process may use: by its affinity, and by the CPU quota of its container (cgroup v1 and v2),
    rounded up."""
    from joblib import cpu_count

    return int(cpu_count())


CGROUP_MEMORY = ("memory.max", "memory/memory.limit_in_bytes")  # of version 2 and 1, below /sys/fs/cgroup
CGROUP_USED = ("memory.current", "memory/memory.usage_in_bytes")


def usable_memory(root: Path = Path("/")) -> int | None:
    """Bytes of memory that are free for this process now: of the machine, and within the limit of its container (cgroup
    v1 and v2); None where the system does not say (macOS). ``root`` is where the system's files are."""
    free: list[int] = []
    with suppress(OSError, ValueError, IndexError):
        lines = (root / "proc/meminfo").read_text().splitlines()
        free += [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    for limit, used in zip(CGROUP_MEMORY, CGROUP_USED, strict=True):
        with suppress(OSError, ValueError):  # "max" is no limit
            group = root / "sys/fs/cgroup"
            free.append(max(0, int((group / limit).read_text()) - int((group / used).read_text())))
    return min(free, default=None)


def cores() -> int:
    """This process's share of them, where `torchrun` started several."""
    return max(1, usable_cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
