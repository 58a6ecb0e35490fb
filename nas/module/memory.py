"""Memory: what is in use, and one line where there is not enough."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from search_spaces.errors import UserError

# How torch says on the CPU, by a plain RuntimeError, that a tensor is too large.
OUT_OF_MEMORY = ("can't allocate memory", "Storage size calculation overflowed")


@contextmanager
def enough_memory(what: str) -> Iterator[None]:
    """Raises UserError where torch finds no memory for ``what``; other errors are not the user's and stay."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        if not isinstance(error, (torch.OutOfMemoryError, MemoryError)) and not any(
            words in reason for words in OUT_OF_MEMORY
        ):
            raise
        raise UserError(f"{what} cannot be run here: {reason}") from None


# mallopt's parameters, of glibc's malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
TOP_PAD = 64 * 2**20  # bytes asked of the system at once


def keep_freed() -> None:
    """From now on this process keeps the memory that it frees, to use it again; with another C library than glibc it
    does as before.

    By itself glibc gives each large tensor back to the system and asks for it anew, page by page: a tenth to a fifth of
    the time of a training step. ``_trim`` still gives all back.
    """
    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, -1), (M_TOP_PAD, TOP_PAD)):
            mallopt(parameter, value)


def reset_peak(device: str) -> int | None:
    """Bytes in use now, where the system says so; the peak is counted from here on."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.memory_allocated(device)
    _trim()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _status("VmRSS")


def _trim() -> None:
    """Give back what the process has freed and glibc keeps: used again, it would not show as growth."""
    gc.collect()
    with suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def peak_bytes(device: str) -> int | None:
    """The most bytes in use since the last reset, where the system says so."""
    return torch.cuda.max_memory_allocated(device) if device.startswith("cuda") else _status("VmHWM")


def _status(name: str) -> int | None:
    """A figure of this process in bytes, as Linux has it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)
