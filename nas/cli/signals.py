"""Signals that ask a command to end: the first ends it in order, the second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from nas.cli.exits import INTERRUPTED

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHELL = INTERRUPTED - signal.SIGINT  # a shell adds this to the number of the signal that ended a command


class Interrupted(KeyboardInterrupt):
    """A signal asks the command to end. Where KeyboardInterrupt itself passes an `exec` of text, by which dataclasses
    are made, Python ends the process by SIGINT in the end, whatever its exit code is to be."""


class Ending:
    """Which signal came first, if one did."""

    def __init__(self) -> None:
        self.number = int(signal.SIGINT)

    @property
    def code(self) -> int:
        """The exit code that a shell expects: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""
        return SHELL + self.number

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take the first signal: raise Interrupted, and leave the next one to the system, which ends the process at
        once."""
        self.number = number
        for other in ENDING:
            if signal.getsignal(other) == self:
                signal.signal(other, signal.SIG_DFL)
        raise Interrupted


@contextmanager
def ending_in_order() -> Iterator[Ending]:
    """Within, the first of ``ENDING`` raises Interrupted in the main thread, and the second ends the process. A
    signal that was ignored before stays ignored: `nohup`, or a shell's background."""
    ending, before = Ending(), dict[signal.Signals, Any]()
    if threading.current_thread() is threading.main_thread():
        for number in ENDING:
            handler = signal.getsignal(number)
            if handler is not signal.SIG_IGN:
                before[number] = signal.signal(number, ending)
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
