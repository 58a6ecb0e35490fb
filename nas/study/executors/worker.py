"""The process that trains, one job after another, until its driver is gone.

It is started as a plain interpreter (never by importing the user's main module again) with one end of a
socket. When the other end closes, whatever the reason, it exits at once; on Linux the kernel also kills it
with its parent.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import queue
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

RETRIED = ("MemoryError", "OutOfMemoryError")  # by name: worth another try, in a fresh process


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


def main(handle: int, parent: int) -> None:
    """Serve the driver ``parent`` on the inherited socket ``handle``; returns never but by exit."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(handle, False)
    _die_with(parent)
    link = Link(handle)
    while True:
        _serve(link, link.receive())


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(0)


def _serve(link: Link, job: dict[str, Any]) -> None:
    trial = job["trial"]
    try:
        result = _trainer(job["trainer"])(job["task"], job["seed"], job["checkpoint"], _reporter(link, trial))
    except Exception as error:
        traceback.print_exc()
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:500]
        link.send("failed", trial=trial, reason=reason, again=type(error).__name__ in RETRIED)
    else:
        link.send("done", trial=trial, result=result, memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _trainer(name: str) -> Callable[..., dict[str, Any]]:
    module, _, function = name.partition(":")
    found: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), function)
    return found


def _reporter(link: Link, trial: int) -> Callable[[int, dict[str, Any]], bool]:
    def report(epoch: int, metrics: dict[str, Any]) -> bool:
        link.send("epoch", trial=trial, epoch=epoch, metrics=metrics)
        return bool(link.receive()["go"])

    return report
