"""How many cores a process may use: of a container, no more than its CPU quota."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS, MEMBERSHIP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def cores(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """Cores of this process's affinity, at most the whole ones of every CPU quota above it; at least 1.

    ``cgroups`` is where control groups are mounted, version 1 or 2, ``membership`` says which the process is in.
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([available, *map(int, _quotas(cgroups, membership))]))


def _quotas(cgroups: Path, membership: Path) -> Iterator[float]:
    """Cores of each quota that holds for this process."""
    for line in _text(membership).splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers == "":
            mount = cgroups
        elif "cpu" in controllers.split(","):
            mount = next((m for m in (cgroups / controllers, cgroups / "cpu") if m.is_dir()), cgroups / "cpu")
        else:
            continue
        group = Path(path.lstrip("/"))
        for folder in {mount, *(mount / part for part in (group, *group.parents))}:
            yield from _quota(folder)


def _quota(folder: Path) -> Iterator[float]:
    text = _text(folder / "cpu.max") or f"{_text(folder / 'cpu.cfs_quota_us')} {_text(folder / 'cpu.cfs_period_us')}"
    words = text.split()
    if len(words) == 2 and all(map(str.isdecimal, words)) and int(words[1]):
        yield int(words[0]) / int(words[1])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
