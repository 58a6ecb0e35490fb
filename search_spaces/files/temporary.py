"""Names of what is being written: ``.NAME.HOST-PID-START.tmp``, where the last three say which process writes it.

Early releases wrote ``NAME.PID.tmp``, ``.NAME.PID.tmp`` or ``.NAME.PID``; of these only the files of a study are known.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from functools import cache
from pathlib import Path

NAME = re.compile(r"\..+\.(?P<host>[^.]+)-(?P<pid>\d+)-(?P<start>\d+)\.tmp")
EARLY = re.compile(r"(?=\.|.*\.tmp$)\.?(base\.yaml|study\.yaml|records\.jsonl|report\.html)\.(?P<pid>\d+)(\.tmp)?")
UNKNOWN = "0"


def beside(path: Path) -> Path:
    """Where this process writes what will be ``path``."""
    return path.with_name(f".{path.name}.{this_process()}.tmp")


def this_process() -> str:
    """``HOST-PID-START``: no other process, on this machine or another, at this time or another, is called so."""
    _, start = _state(os.getpid())
    return f"{_host()}-{os.getpid()}-{start}"


def is_temporary(path: Path) -> bool:
    return NAME.fullmatch(path.name) is not None or EARLY.fullmatch(path.name) is not None


def is_being_written(path: Path) -> bool:
    """Whether a temporary file or folder is that of a process that lives, or of one of another machine."""
    match = NAME.fullmatch(path.name)
    if match is not None:
        return not _is_dead(**match.groupdict())
    early = EARLY.fullmatch(path.name)
    return early is not None and not _is_dead(_host(), early["pid"], UNKNOWN)


def _is_dead(host: str, pid: str, start: str) -> bool:
    if host != _host():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):  # it lives and is another user's
        pass
    state, start_now = _state(int(pid))
    return state == "Z" or (UNKNOWN not in (start, start_now) and start_now != start)


@cache
def _host() -> str:
    """Name of the machine, and of the container where process ids are the container's own."""
    namespace = ""
    with suppress(OSError):
        namespace = f"_{os.stat('/proc/self/ns/pid').st_ino}"
    return re.sub(r"[^\w-]", "_", os.uname().nodename) + namespace


def _state(pid: int) -> tuple[str, str]:
    """State of a process (``Z``: dead, not yet collected by its parent), and when it started, in clock ticks since the
    machine did; UNKNOWN where the system does not say (macOS)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return UNKNOWN, UNKNOWN
    state, *fields = text.rpartition(")")[2].split()
    return state, fields[18]
