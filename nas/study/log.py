"""The log of a study: the only truth about it. One JSON object per line, only ever appended.

Line format, version 1: ``{"event": NAME, "time": SECONDS, "line": NUMBER, ...fields, "crc": "8 hex digits"}``, where
``crc`` is the CRC-32 of the line as it would read without it, and ``line`` counts from 1 (early releases did not
count). The first line is the event ``log`` with the version. A line that a kill cut short is set aside in
``log.damaged``; a damaged line further up stays where it is. Both are named, and so are lines that are missing or stand
there twice.
"""

from __future__ import annotations

import json
import os
import re
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nas.storage.layout import DAMAGED_LOG
from search_spaces.errors import UserError
from search_spaces.files.codec import check_ends
from search_spaces.files.plain_json import parse_json

VERSION = 1

Event = dict[str, Any]


def encode(event: Mapping[str, Any]) -> bytes:
    """The line of an event, with its checksum and its end of line. NaN and infinities are refused."""
    return _line(_body(event))


def decode(line: bytes) -> Event:
    """The event of a line. Raises ValueError saying what is wrong with it."""
    body = line[: -len(_seal(b""))] + b"}"
    if line != body[:-1] + _seal(body):
        raise ValueError("its checksum differs")
    event = parse_json(body)
    if not isinstance(event, dict) or not isinstance(event.get("event"), str) or type(event.get("line", 1)) is not int:
        raise ValueError("not an event")
    return event


def _body(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=True, allow_nan=False).encode()


def _line(body: bytes) -> bytes:
    return body[:-1] + _seal(body) + b"\n"


def _seal(body: bytes) -> bytes:
    return b', "crc": "%08x"}' % zlib.crc32(body)


@dataclass(frozen=True)
class LogContent:
    """What a log file holds: its events in order, one line per problem, how many lines were ever written, and the
    length of its sound part."""

    events: tuple[Event, ...] = ()
    problems: tuple[str, ...] = ()
    lines: int = 0
    size: int = 0
    tail: bytes = b""


def read_log(path: Path, *, written: bool = False) -> LogContent:
    """Read a log without changing it. A missing file is an empty log; an unknown version is a UserError.

    ``written``: a process is writing it, so that an end without its end of line is a line on its way, no problem.
    """
    check_ends(path)
    try:
        data = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    body, tail = data[: data.rfind(b"\n") + 1], data[data.rfind(b"\n") + 1 :]
    reader = _Reader(path)
    for number, line in enumerate(body.split(b"\n")[:-1], start=1):
        reader.take(number, line)
    events, problems = reader.events, reader.problems
    _check_version(path, events)
    if tail and not written:
        problems.append(f"{path} ends in a line cut short ({len(tail)} bytes): set aside in {DAMAGED_LOG} on resume")
    return LogContent(tuple(events), tuple(problems), reader.count + reader.damaged, len(body), tail)


SKIPPED = (b"started", b"retried", b"epoch", b"final_epoch")
_HEAD = re.compile(rb'\{"event": "(\w+)", "time": [^,]+, (?:"line": \d+, )?(?:"trial": (\d+))?')


def last_events(path: Path) -> tuple[Event, ...]:
    """The events of a log that no later one replaces, in order: of what was written down of a trial the last state, no
    epochs. Reads a fraction of what :func:`read_log` does and looks for no damage."""
    last: dict[object, bytes] = {}
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1] if path.exists() else ()):
        head = _HEAD.match(line)
        kind, trial = head.groups() if head else (b"", None)
        key = trial if kind in (b"proposed", b"finished") else number
        last.pop(key, None)
        if kind not in SKIPPED:
            last[key] = line
    events = []
    for line in last.values():
        with suppress(ValueError):
            events.append(decode(line))
    _check_version(path, events)
    return tuple(events)


@dataclass
class _Reader:
    """Takes the lines in order. ``count`` is the number of the last sound line as its writer counted, ``damaged`` how
    many lines since then are none."""

    path: Path
    events: list[Event] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    count: int = 0
    damaged: int = 0

    def take(self, number: int, line: bytes) -> None:
        try:
            event = decode(line)
        except ValueError as error:
            self._say(f"line {number} is damaged ({error}): left where it is, not read")
            self.damaged += 1
            return
        next_count = self.count + self.damaged + 1
        count = event.get("line", next_count)
        if count <= self.count:
            self._say(f"line {number} stands there a second time: not read again")
            return
        if count > next_count:
            self._say(f"{count - next_count} lines are missing before line {number}: what they said is done again")
        self.events.append(event)
        self.count, self.damaged = count, 0

    def _say(self, problem: str) -> None:
        self.problems.append(f"{self.path} {problem}")


def _check_version(path: Path, events: list[Event]) -> None:
    version = next((event.get("version") for event in events if event["event"] == "log"), VERSION)
    if version != VERSION:
        raise UserError(f"{path} has version {version}; this release reads version {VERSION}")


@dataclass
class Log:
    """A log open for appending, by the one process that holds the study's lock."""

    path: Path
    content: LogContent
    handle: int = field(repr=False)
    lines: int = 0
    size: int = 0

    def append(self, event: str, *, durable: bool = False, **fields: Any) -> Event:
        """Append one event; when ``durable``, return only once it is on the disk. Returns the event. Raises OSError
        where it cannot be written, or the file is no longer what its path names."""
        self.check()
        self._take_in_interrupted()
        written: Event = {"event": event, "time": round(time.time(), 3), "line": self.lines + 1, **fields}
        body = _body(written)
        line = _line(body)
        done = os.write(self.handle, line)
        if done != len(line):
            raise OSError(f"{self.path}: only {done} of {len(line)} bytes could be written (disk full?)")
        self.lines += 1
        self.size += len(line)
        if durable:
            os.fsync(self.handle)
        return dict(json.loads(body))

    def _take_in_interrupted(self) -> None:
        """Count a line that was written although a signal ended the writing, and remove what a full disk cut short."""
        size = os.fstat(self.handle).st_size
        if size == self.size:
            return
        body = os.pread(self.handle, size - self.size, self.size)
        self.lines += body.count(b"\n")
        self.size += body.rfind(b"\n") + 1
        os.ftruncate(self.handle, self.size)

    @property
    def is_there(self) -> bool:
        """Whether the path still names the open file: the folder may have been removed or renamed."""
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self.handle))
        except FileNotFoundError:
            return False

    def check(self) -> None:
        """Raise OSError where what is written would be lost."""
        if not self.is_there:
            raise FileNotFoundError(f"{self.path} is no longer there: the folder of the study was removed or renamed")

    def close(self) -> None:
        os.close(self.handle)


def open_log(path: Path) -> Log:
    """Open or begin a log for appending; a torn end is moved to ``log.damaged`` and noted in the log
    itself."""
    content = read_log(path)
    log = Log(path, content, os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644), content.lines, content.size)
    if content.tail:
        _set_aside(log, content)
    if not content.events:
        log.append("log", durable=True, version=VERSION)
    return log


def _set_aside(log: Log, content: LogContent) -> None:
    with (log.path.parent / DAMAGED_LOG).open("ab") as aside:
        aside.write(content.tail + b"\n")
        aside.flush()
        os.fsync(aside.fileno())
    os.ftruncate(log.handle, content.size)
    log.append("repaired", durable=True, bytes=len(content.tail), aside=DAMAGED_LOG)
