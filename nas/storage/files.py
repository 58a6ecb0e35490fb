"""Files and folders written so that a kill at any instant leaves either the old content or the new one.

What is being written lies beside its place as ``.NAME.HOST-PID-START.tmp``, where the last three say which process
writes it. ``remove_leftovers`` removes those whose process is dead.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

from search_spaces.files.replacing import replacing as _replacing
from search_spaces.files.replacing import sync_folder

TEMPORARY = re.compile(r"\..+\.(?P<host>[^.]+)-(?P<pid>\d+)-(?P<start>\d+)\.tmp")
UNKNOWN = "0"


@contextmanager
def replacing(path: Path, keep: Path | None = None) -> Iterator[BinaryIO]:
    """A file to write that then replaces ``path``: written beside it, synced, renamed; what was there before is moved
    to ``keep``."""
    with _replacing(path, this_process()) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
        if keep is not None and path.exists():
            os.replace(path, keep)


def write_atomic(path: Path, text: str) -> None:
    """Replace ``path`` by ``text``, whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode())


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill that then becomes ``path``: filled beside it, synced, renamed. Raises OSError where ``path`` is
    a folder with something in it by then."""
    beside = path.with_name(f".{path.name}.{this_process()}.tmp")
    beside.mkdir()
    try:
        yield beside
        for entry in beside.iterdir():
            with entry.open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(beside)
        beside.rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that are dead now left half written in ``folder``. What a living process or one of another
    machine is writing stays."""
    for path in leftovers(folder):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def leftovers(folder: Path) -> list[Path]:
    """Half-written files and folders in ``folder`` whose process is known to be dead."""
    entries = folder.iterdir() if folder.is_dir() else ()
    return [path for path in entries if TEMPORARY.fullmatch(path.name) and not is_being_written(path)]


def is_being_written(path: Path) -> bool:
    """Whether a half-written file or folder is that of a process that lives, or of one of another machine."""
    match = TEMPORARY.fullmatch(path.name)
    return match is not None and not _is_dead(**match.groupdict())


def this_process() -> str:
    """``HOST-PID-START``: no other process, on this machine or another, at this time or another, is called so."""
    _, start = _state(os.getpid())
    return f"{_host()}-{os.getpid()}-{start}"


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
    return state == "Z" or start_now not in (UNKNOWN, start)


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
