"""A trainer that joins a study through its folder, from any machine that shares it, and leaves at any time.

``python -m nas.study.executors.joining STUDY`` serves until the study is done, or its driver is dead.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from nas.storage import layout
from nas.study.executors import mailbox
from nas.study.executors.worker import die_with, outcome
from search_spaces.files.temporary import this_process

DONE, FENCED = 0, 3  # exit codes of a trainer: the study needs it no more; it was given up
SHORT = 10.0  # seconds: a trainer that ends sooner would end again
MAX_SHORT = 3
MODULE = "nas.study.executors.joining"
POLL = 0.1  # seconds between looks for a message
WATCH_EVERY = 0.5  # seconds between looks whether there is a driver, and a trainer's folder
GRACE = 5.0  # seconds after which a trainer that was given up should have ended by itself
LEAVING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Joined:
    """A trainer's side of the folder."""

    def __init__(self, root: Path, name: str) -> None:
        self.folder = root / name
        self._pulse = mailbox.Pulse(root / mailbox.DRIVER)
        self._signs = self._events = self._jobs = 0
        self._pulse.silence()
        self._lease = float(self._pulse.fields.get("lease", mailbox.LEASE))
        self._check_driver()
        self.folder.mkdir()
        about = {"host": os.uname().nodename, "pid": os.getpid()}
        beat = self.folder / mailbox.TRAINER
        mailbox.Beat(beat, self._lease, lambda: {**about, "signs": self._signs}, self._lost)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        """End this process, whatever it does, when it was given up, or when the study is done or its driver dead."""
        while True:
            self._lost()
            self._check_driver()
            time.sleep(WATCH_EVERY)

    def _lost(self) -> None:
        if not self.folder.is_dir():
            os._exit(FENCED)

    def _check_driver(self) -> None:
        if self._pulse.silence() > self._lease or self._pulse.fields.get("closed"):
            os._exit(DONE)

    def _await(self, kind: str, number: int) -> dict[str, Any]:
        path = self.folder / mailbox.numbered(kind, number)
        while (message := mailbox.read(path)) is None:
            time.sleep(POLL)
        return message

    def _send(self, kind: str, **fields: Any) -> int:
        self._signs += 1
        self._events += 1
        try:
            mailbox.write(self.folder / mailbox.numbered("event", self._events), kind=kind, **fields)
        except OSError:
            self._lost()
            raise
        return self._events

    def serve(self) -> None:
        """Take one job after another."""
        while True:
            self._jobs += 1
            job = self._await("job", self._jobs)
            folder = self.folder / str(self._jobs)
            folder.mkdir()
            shared, checkpoint = Path(job["checkpoint"]), folder / mailbox.CHECKPOINT
            if shared.exists():
                shutil.copyfile(shared, checkpoint)
            kind, fields = outcome({**job, "checkpoint": str(checkpoint)}, self)
            self._lost()
            self._send(kind, **fields)

    def __call__(self, epoch: int, metrics: dict[str, Any]) -> bool:
        """An epoch ended; waits for the verdict: go on?"""
        return bool(self._await("answer", self._send("epoch", epoch=epoch, metrics=metrics))["go"])

    def alive(self) -> None:
        """A sign of life, at every step."""
        self._signs += 1


class _Leave(BaseException):
    """A signal asks the trainer to leave."""


def _leave(number: int, frame: FrameType | None) -> None:
    for other in LEAVING:
        signal.signal(other, signal.SIG_IGN)
    raise _Leave(number)


def serve(study: Path) -> None:
    """Keep a trainer at work, in a fresh process where one dies, until the study needs none. A signal ends it, and its
    training goes on elsewhere."""
    root, short, number = Path(study) / layout.JOINED, 0, 0
    for signum in LEAVING:
        signal.signal(signum, _leave)
    while short < MAX_SHORT:
        number += 1
        name, began = f"{this_process()}-{number}", time.monotonic()
        command = [sys.executable, "-P", "-m", MODULE, str(study), name, str(os.getpid())]
        trainer = subprocess.Popen(command)
        try:
            code = _awaited(trainer, root / name)
        except _Leave as leave:
            trainer.kill()
            _put_aside(root / name, trainer.wait(), leave.args[0])
            sys.exit(128 + leave.args[0])
        _put_aside(root / name, code)
        if code == DONE:
            return
        short = short + 1 if time.monotonic() - began < SHORT and code != FENCED else 0


def _awaited(trainer: subprocess.Popen[bytes], folder: Path) -> int:
    """The exit code of a trainer. One that was given up, so that its ``folder`` is gone, ends by itself; where it is
    stopped or hangs it is killed, and another one can take its place."""
    joined = False
    while not joined or folder.is_dir():
        joined = joined or folder.is_dir()
        with suppress(subprocess.TimeoutExpired):
            return trainer.wait(WATCH_EVERY)
    try:
        return trainer.wait(GRACE)
    except subprocess.TimeoutExpired:
        trainer.kill()
        trainer.wait()
        return FENCED


def _put_aside(folder: Path, code: int, signum: int | None = None) -> None:
    """Say how a trainer ended, where the driver still waits for it; ``signum`` is the signal that asked it to leave."""
    try:
        mailbox.write(folder / mailbox.EXIT, code=code, signal=signum)
        folder.rename(folder.with_name(folder.name + mailbox.LEFT))
    except OSError:
        return  # the driver was faster, or the study is gone


def main(arguments: list[str]) -> None:
    """``STUDY`` serves; ``STUDY NAME PARENT`` is one trainer, started by that."""
    study = Path(arguments[0])
    if len(arguments) == 1:
        serve(study)
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(int(arguments[2]))
    Joined(study / layout.JOINED, arguments[1]).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
