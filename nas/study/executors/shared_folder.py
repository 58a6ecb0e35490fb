"""Trainings in processes anywhere that share the study's folder; they join and leave at any time."""

from __future__ import annotations

import math
import os
import shutil
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from nas.storage import layout
from nas.study.errors import StudyError
from nas.study.executors import mailbox
from nas.study.executors.attempts import Attempt, Patience, Silence
from nas.study.executors.joining import POLL
from nas.study.executors.local import exit_reason
from nas.study.executors.protocol import MEMORY, Handler, Job

LOOK_EVERY = 5.0  # seconds between questions whether there are trainers at all


class Trainers(Protocol):
    """Those who were started for this study; others may join by themselves."""

    def start(self) -> None: ...

    def any_left(self) -> bool: ...

    def end(self) -> None: ...


@dataclass
class Member:
    """A trainer that has joined: its folder, the job that it has, and which messages were exchanged."""

    folder: Path
    pulse: mailbox.Pulse
    silence: Silence
    attempt: Attempt | None = None
    jobs: int = 0
    events: int = 0
    signs: int = 0

    @property
    def left(self) -> Path:
        """The name of its folder once it is no more."""
        return self.folder.with_name(self.folder.name + mailbox.LEFT)

    def is_cut_off(self, lease: float) -> bool:
        """Whether its beat stood still for too long; signs of life of its training are noted."""
        silence = self.pulse.silence()
        if self.pulse.fields.get("signs") != self.signs:
            self.signs = self.pulse.fields.get("signs", 0)
            self.silence.end()
        return silence > lease


@dataclass
class SharedFolder:
    """The driver's side of :mod:`nas.study.executors.mailbox`. ``places`` trainers are expected; jobs wait for them."""

    folder: Path
    trainers: Trainers
    places: int
    patience: Patience = field(default_factory=Patience)
    lease: float = field(default_factory=lambda: mailbox.LEASE)

    def __post_init__(self) -> None:
        self._root = self.folder / layout.JOINED
        self._root.mkdir(exist_ok=True)
        self._waiting: deque[Attempt] = deque()
        self._members: dict[str, Member] = {}
        self._closed = False
        self._moved = True  # whether anything was heard since trainers were started
        self._looked = time.monotonic()
        for folder in self._folders():
            _take_over(folder)
        self._beat = mailbox.Beat(self._root / mailbox.DRIVER, self.lease, self._fields, lambda: None)
        self.trainers.start()

    def _fields(self) -> dict[str, Any]:
        return {"lease": self.lease, "closed": self._closed}

    def _folders(self) -> list[Path]:
        return [path for path in self._root.iterdir() if path.is_dir()]

    def free(self) -> int:
        busy = sum(member.attempt is not None for member in self._members.values())
        return max(self.places, len(self._members)) - busy - len(self._waiting)

    def submit(self, job: Job) -> None:
        self._waiting.append(Attempt(job))

    def wait(self, handler: Handler, timeout: float | None = None) -> None:
        end = math.inf if timeout is None else time.monotonic() + timeout
        while not any(list(self._look(handler))) and self._has_work() and time.monotonic() < end:
            time.sleep(POLL)

    def _has_work(self) -> bool:
        return bool(self._waiting) or any(member.attempt for member in self._members.values())

    def _look(self, handler: Handler) -> Iterator[bool]:
        """Whether anything happened, trainer by trainer."""
        for folder in self._folders():
            name = folder.name
            if name not in self._members and not name.endswith(mailbox.LEFT) and (folder / mailbox.TRAINER).exists():
                pulse = mailbox.Pulse(folder / mailbox.TRAINER)
                self._members[name] = Member(folder, pulse, Silence(self.patience))
        for member in list(self._members.values()):
            yield self._hear(member, handler)
        for member in self._members.values():
            if self._waiting and member.attempt is None:
                yield self._give(member, handler)
        self._check_trainers()

    def _give(self, member: Member, handler: Handler) -> bool:
        """Give a waiting job to a trainer without one."""
        attempt = self._waiting[0]
        try:
            path = member.folder / mailbox.numbered("job", member.jobs + 1)
            mailbox.write(path, **attempt.job.to_data())
        except FileNotFoundError:
            return False  # it has left: the next look says so
        self._waiting.popleft()
        member.jobs += 1
        member.attempt, member.silence = attempt, Silence(self.patience)
        about = member.pulse.fields
        handler.started(attempt.job.trial, attempt.number, f"process {about.get('pid')} on {about.get('host')}")
        return True

    def _hear(self, member: Member, handler: Handler) -> bool:
        """Take the next message of a trainer, or notice that there will be none."""
        if member.left.exists():
            self._after_exit(member, mailbox.read(member.left / mailbox.EXIT) or {}, handler)
            return True
        if member.is_cut_off(self.lease):
            self._again(self._release(member), handler, f"no beat of its trainer for {self.lease:.0f} s")
            return True
        message = mailbox.read(member.folder / mailbox.numbered("event", member.events + 1))
        if message is not None and member.attempt is not None:
            member.events += 1
            self._moved = True
            self._take(member, member.attempt, message, handler)
            return True
        if member.attempt is not None and (reason := member.silence.reason()) is not None:
            self._lost(self._release(member), handler, reason)
            return True
        return False

    def _take(self, member: Member, attempt: Attempt, message: dict[str, Any], handler: Handler) -> None:
        trial = attempt.job.trial
        if message["kind"] == "epoch":
            go = handler.epoch(trial, message["epoch"], message["metrics"])
            with suppress(FileNotFoundError):  # it has left: the next look says so
                mailbox.write(member.folder / mailbox.numbered("answer", member.events), go=go)
        elif message["kind"] == "stopped":
            raise StudyError(f"trial {trial} stopped, and the study with it: {message['reason']}")
        elif message["kind"] == "failed" and message["memory"]:
            self._lost(self._release(member), handler, message["reason"], MEMORY)
        else:
            _harvest(member.folder / str(member.jobs), Path(attempt.job.checkpoint))
            member.attempt = None
            if message["kind"] == "failed":
                handler.failed(trial, message["reason"])
            else:
                handler.done(trial, message["result"])

    def _after_exit(self, member: Member, exit_fields: dict[str, Any], handler: Handler) -> None:
        """A trainer has ended: by a signal that asked it to leave, or by itself."""
        attempt, code = self._release(member), exit_fields.get("code")
        if exit_fields.get("signal") or code in (None, 0, -signal.SIGTERM):
            self._again(attempt, handler, "its trainer has left")
        else:
            self._lost(attempt, handler, exit_reason(code))

    def _again(self, attempt: Attempt | None, handler: Handler, reason: str) -> None:
        if attempt is not None:
            self._waiting.appendleft(attempt.interrupted(handler, reason))

    def _lost(self, attempt: Attempt | None, handler: Handler, reason: str, *cause: str) -> None:
        following = attempt.lost(handler, reason, *cause) if attempt else None
        if following is not None:
            self._waiting.appendleft(following)

    def _release(self, member: Member) -> Attempt | None:
        """Give a trainer up: nothing that it writes from now on is read. Its job, if it had one."""
        del self._members[member.folder.name]
        _take_over(member.left if member.left.exists() else member.folder)
        return member.attempt

    def _check_trainers(self) -> None:
        """Start trainers anew where all have gone. Raises StudyError where those did nothing at all."""
        now = time.monotonic()
        if self._members or not self._waiting or now - self._looked < LOOK_EVERY:
            return
        self._looked = now
        if self.trainers.any_left():
            return
        if not self._moved:
            raise StudyError(f"all trainers ended before they did anything; {self.folder} has what they printed")
        self._moved = False
        self.trainers.start()

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._beat.stop()
        with suppress(OSError):  # a folder that is gone needs no goodbye
            mailbox.write(self._root / mailbox.DRIVER, beat=0, **self._fields())
            self.trainers.end()
            for folder in self._folders():
                _take_over(folder)


def _take_over(folder: Path) -> None:
    """Fence a trainer's folder, take the checkpoint of the job that it had, and remove it."""
    left = folder if folder.name.endswith(mailbox.LEFT) else folder.with_name(folder.name + mailbox.LEFT)
    with suppress(FileNotFoundError):  # its trainer has renamed it this moment
        os.rename(folder, left)
    jobs = sorted(left.glob(mailbox.numbered("job", 0).replace("000000", "*")))
    job = mailbox.read(jobs[-1]) if jobs else None
    if job is not None:
        _harvest(left / str(len(jobs)), Path(job["checkpoint"]))
    shutil.rmtree(left, ignore_errors=True)


def _harvest(folder: Path, checkpoint: Path) -> None:
    """Move the checkpoint that a trainer wrote, and the one before, to where the study keeps it."""
    for path in folder.glob(f"{mailbox.CHECKPOINT}*"):
        checkpoint.parent.mkdir(exist_ok=True)
        path.replace(checkpoint.with_name(checkpoint.name + path.name.removeprefix(mailbox.CHECKPOINT)))
