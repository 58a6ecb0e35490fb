"""Standard streams as machines have them: closed, full, without a reader, in an encoding that lacks our signs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from nas.text.visible import visible

NAMES = ("stdout", "stderr")


def prepare_streams() -> None:
    """Put the null device where a stream is closed, and print what an encoding lacks as other signs."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # a file that is opened later must not become a standard stream
    os.close(handle)
    for name in NAMES:
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


class Around:
    """A stream in front of another one, whose it is in all that is not said."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Visible(Around):
    """Nothing that is printed steers the terminal or reorders a line."""

    def write(self, text: str) -> int:
        """As the stream's."""
        self._stream.write(visible(text))
        return len(text)


@contextmanager
def visible_output() -> Iterator[None]:
    """Within, names and texts from files are printed as what they are, whoever wrote them."""
    before = sys.stdout
    sys.stdout = Visible(before)
    try:
        yield
    finally:
        sys.stdout = before


class Unfailing(Around):
    """It goes on without a word where nothing can be written any more."""

    def write(self, text: str) -> int:
        """As the stream's; what cannot be written is lost."""
        self._attempt(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        """As the stream's."""
        self._attempt(self._stream.flush)

    def _attempt(self, do: Any, *arguments: Any) -> None:
        try:
            do(*arguments)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


@contextmanager
def unfailing() -> Iterator[None]:
    """Within, output that goes away decides nothing: long work is done to its end."""
    before = [getattr(sys, name) for name in NAMES]
    for name, stream in zip(NAMES, before, strict=True):
        setattr(sys, name, Unfailing(stream))
    try:
        yield
    finally:
        for name, stream in zip(NAMES, before, strict=True):
            getattr(sys, name).flush()
            setattr(sys, name, stream)
