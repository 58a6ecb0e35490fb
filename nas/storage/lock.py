"""One process per folder: an operating-system lock, released by the death of its holder."""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nas.storage import layout
from search_spaces.errors import UserError

# On Linux the lock belongs to the open file, so that closing another handle of the same process does not release it,
# and it can be asked about without being taken. Elsewhere it is flock's, which a reader must take to ask.
QUERIED = hasattr(fcntl, "F_OFD_GETLK")
FLOCK = "hhqqi4x"  # struct flock: type, whence, start, length, pid; length 0 is the whole file
PATIENCE = 1.0  # seconds to wait for a reader that asks by flock

_held: set[int] = set()  # handles of the locks of this process, which a forked child must not keep alive


def _forget() -> None:
    for handle in _held:
        os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_forget)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises UserError naming the process that holds it already."""
    handle = os.open(folder / layout.LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    _held.add(handle)
    try:
        if not _take(handle):
            holder = os.pread(handle, 300, 0).decode(errors="replace").strip() or "unknown"
            raise UserError(f"{folder} is in use by process {holder}")
        os.ftruncate(handle, os.pwrite(handle, f"{os.getpid()} on {os.uname().nodename}\n".encode(), 0))
        yield
    finally:
        if handle in _held:  # a forked child has closed it already
            _held.discard(handle)
            os.close(handle)


def is_held(folder: Path) -> bool:
    """Whether a process is at work on the folder now. Changes nothing."""
    try:
        handle = os.open(folder / layout.LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        return _is_held(handle)
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    if QUERIED:
        try:
            fcntl.fcntl(handle, fcntl.F_OFD_SETLK, _request(fcntl.F_WRLCK))
        except (BlockingIOError, PermissionError):
            return False
        return True
    end = time.monotonic() + PATIENCE
    while not _flock(handle, fcntl.LOCK_EX):
        if time.monotonic() > end:
            return False
        time.sleep(PATIENCE / 100)
    return True


def _is_held(handle: int) -> bool:
    if QUERIED:
        answer = fcntl.fcntl(handle, fcntl.F_OFD_GETLK, _request(fcntl.F_RDLCK))
        return bool(struct.unpack(FLOCK, answer)[0] != fcntl.F_UNLCK)
    return not _flock(handle, fcntl.LOCK_SH)


def _flock(handle: int, operation: int) -> bool:
    try:
        fcntl.flock(handle, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _request(kind: int) -> bytes:
    return struct.pack(FLOCK, kind, os.SEEK_SET, 0, 0, 0)
