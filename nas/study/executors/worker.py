"""The process that trains, one job after another, until its driver is gone.

It is started as a plain interpreter (never by importing the user's main module again) with one end of a
socket. When the other end closes, whatever the reason, it exits at once; on Linux the kernel also kills it
with its parent.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import math
import os
import queue
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

ALIVE_EVERY = 1.0  # seconds between signs of life


class Link:
    """The worker's end of the socket: messages are JSON objects. A thread of its own notices the driver's
    end."""

    def __init__(self, handle: int) -> None:
        self._connection = Connection(handle)
        self._inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                message = json.loads(self._connection.recv_bytes())
            except (EOFError, OSError):
                os._exit(0)
            self._inbox.put(message)

    def receive(self) -> dict[str, Any]:
        return self._inbox.get()

    def send(self, kind: str, **fields: Any) -> None:
        try:
            self._connection.send_bytes(json.dumps({"kind": kind, **fields}).encode())
        except OSError:
            os._exit(0)


class Report:
    """What a trainer reports to the driver about its trial."""

    def __init__(self, link: Link, trial: int) -> None:
        self._link, self._trial = link, trial
        self._last = -math.inf

    def __call__(self, epoch: int, metrics: dict[str, Any]) -> bool:
        """An epoch ended, counted from 1; waits for the verdict: go on?"""
        self._link.send("epoch", trial=self._trial, epoch=epoch, metrics=metrics)
        return bool(self._link.receive()["go"])

    def alive(self) -> None:
        """A sign of life, to be given at every step; most are not sent."""
        now = time.monotonic()
        if now - self._last >= ALIVE_EVERY:
            self._last = now
            self._link.send("alive", trial=self._trial)


def main(handle: int, parent: int) -> None:
    """Serve the driver ``parent`` on the inherited socket ``handle``; returns never but by exit."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(handle, False)
    die_with(parent)
    link = Link(handle)
    while True:
        _serve(link, link.receive())


def die_with(parent: int) -> None:
    """End this process when the one that started it, ``parent``, does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(0)


def _serve(link: Link, job: dict[str, Any]) -> None:
    kind, fields = outcome(job, Report(link, job["trial"]))
    link.send(kind, trial=job["trial"], **fields)


def outcome(job: Mapping[str, Any], report: Any) -> tuple[str, dict[str, Any]]:
    """Train a job, and what came of it: ``done`` with its result, ``failed`` with the reason and whether it was for
    want of memory, or ``stopped`` where a file could not be written or read."""
    try:
        result = _trainer(job["trainer"])(job["task"], job["seed"], job["checkpoint"], report)
    except Exception as error:
        with suppress(OSError):  # a full disk holds no traceback either
            traceback.print_exc()
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:500]
        memory = is_out_of_memory(error)
        if isinstance(error, OSError) and not memory:
            return "stopped", {"reason": reason}
        return "failed", {"reason": reason, "memory": memory}
    return "done", {"result": result, "peak_kib": _peak_kib()}


OUT_OF_MEMORY = (
    "out of memory",  # CUDA, by torch and by the driver; MPS; XLA
    "can't allocate memory",  # torch on the CPU
    "cannot allocate memory",  # ENOMEM of the system, as an OSError or in the text of another error
    "unable to allocate",  # NumPy
    "not enough memory",  # torch on Windows and WSL
    "std::bad_alloc",  # C++ extensions
    "alloc_failed",  # CUDNN_STATUS_ALLOC_FAILED, CUBLAS_STATUS_ALLOC_FAILED
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory did not suffice, itself or in what it was raised from. By name and text: torch
    is not imported here, and says it by a plain RuntimeError on the CPU."""
    text = str(error).lower()
    if type(error).__name__ in ("MemoryError", "OutOfMemoryError", "_ArrayMemoryError"):
        return True
    if isinstance(error, OSError | RuntimeError) and any(words in text for words in OUT_OF_MEMORY):
        return True
    before = error.__cause__ or error.__context__
    return before is not None and is_out_of_memory(before)


def _peak_kib() -> int:
    """Peak memory of this process in KiB; macOS counts bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def _trainer(name: str) -> Callable[..., dict[str, Any]]:
    module, _, function = name.partition(":")
    trainer: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), function)
    return trainer
