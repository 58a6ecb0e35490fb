"""The folder by which a driver and trainers on any machine speak: files alone, no open ports. Each file has one writer.

``trainers/driver.json`` is the driver's: its beat, which rises as long as it lives, and the ``lease`` (seconds without
a beat after which the other side is dead). A trainer makes a folder of its own name there and writes into it
``trainer.json`` (its beat, and how many signs of life its training gave), ``event-N.json`` and the checkpoint of its
job; the driver writes ``job-N.json`` and ``answer-N.json``.

Fencing: the driver renames the folder of a trainer that it gives up. What such a trainer writes later, because it was
only stopped or its machine cut off, finds no folder; and that its folder is gone ends it. Clocks are not compared: each
side measures by its own clock how long the other's beat stood still.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nas.storage.files import write_atomic
from search_spaces.files.plain_json import parse_json

DRIVER = "driver.json"
TRAINER = "trainer.json"
EXIT = "exit.json"  # written by whoever started the trainer, after its end
LEFT = ".left"  # ends the name of the folder of a trainer that is no more
CHECKPOINT = "job.ckpt"
LEASE = 60.0  # seconds
BEATS = 6  # in a lease


def write(path: Path, **fields: Any) -> None:
    """Write a message, whole or not at all."""
    write_atomic(path, json.dumps(fields))


def read(path: Path) -> dict[str, Any] | None:
    """The message in a file, None where there is none."""
    with suppress(OSError, ValueError):
        message = parse_json(path.read_bytes())
        return message if isinstance(message, dict) else None
    return None


def numbered(kind: str, number: int) -> str:
    """Name of the file of the message with this number."""
    return f"{kind}-{number:06d}.json"


class Beat:
    """A thread that writes ``path`` with a rising beat several times in a lease; ``fields`` gives what stands beside
    it. Where that cannot be written, ``lost`` is called."""

    def __init__(
        self, path: Path, lease: float, fields: Callable[[], Mapping[str, Any]], lost: Callable[[], None]
    ) -> None:
        self._path, self._lease, self._fields, self._lost = path, lease, fields, lost
        self._number = 0
        self._stopped = threading.Event()
        self._write()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped.wait(self._lease / BEATS):
            try:
                self._write()
            except OSError:
                self._lost()

    def _write(self) -> None:
        self._number += 1
        write(self._path, beat=self._number, **self._fields())

    def stop(self) -> None:
        """Beat no more."""
        self._stopped.set()
        self._thread.join()


class Pulse:
    """Whether whoever beats in a file is alive, by this process's own clock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beat: Any = None
        self._changed = time.monotonic()
        self.fields: dict[str, Any] = {}

    def silence(self) -> float:
        """Seconds since the beat last rose."""
        message = read(self._path)
        if message is not None and message.get("beat") != self._beat:
            self._beat, self._changed, self.fields = message.get("beat"), time.monotonic(), message
        return time.monotonic() - self._changed
