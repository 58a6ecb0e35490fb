"""Trainings in processes of this machine: one per GPU, or n on the CPU with one thread each."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from nas.study.executors.executor import ATTEMPTS, Handler, Job

GROWTH = 2.0  # a process whose memory grew by this factor and by …
GROWN = 1 << 20  # … this many KiB since its first training is replaced
FIRST_PATIENCE = 1800.0  # seconds of silence from a training before its first epoch
PATIENCE = 20.0  # later: this many times its longest silence, at least LEAST_PATIENCE
LEAST_PATIENCE = 600.0

_START = (
    "import json, sys; handle, parent, paths = json.loads(sys.argv[1]); sys.path[:] = paths; "
    "from nas.study.executors.worker import main; main(handle, parent)"
)


class Worker:
    """One process, the driver's end of its socket, and the job that it has."""

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        ours, theirs = socket.socketpair()
        argument = json.dumps([theirs.fileno(), os.getpid(), sys.path])
        with theirs, log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _START, argument],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **environment},
                process_group=0,
            )
        self.connection = Connection(ours.detach())
        self.job: Job | None = None
        self.attempt = 0
        self.first_memory: int | None = None
        self.heard = self.silence = 0.0

    def give(self, job: Job, attempt: int) -> None:
        self.job, self.attempt = job, attempt
        self.heard, self.silence = time.monotonic(), 0.0
        self.tell(job.to_data())

    def tell(self, message: dict[str, Any]) -> None:
        try:
            self.connection.send_bytes(json.dumps(message).encode())
        except OSError:
            return  # it is dead: the next read says so

    def hear(self) -> dict[str, Any] | None:
        """Its next message; None when the process is gone."""
        try:
            message: dict[str, Any] = json.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            return None
        now = time.monotonic()
        self.silence, self.heard = max(self.silence, now - self.heard), now
        return message

    def deadline(self) -> float:
        """When (monotonic seconds) its silence counts as hanging."""
        patience = max(LEAST_PATIENCE, PATIENCE * self.silence) if self.silence else FIRST_PATIENCE
        return self.heard + patience

    def grown(self, memory: int) -> bool:
        """Whether its peak memory (KiB) has outgrown that of its first training."""
        self.first_memory = self.first_memory or memory
        return memory > GROWTH * self.first_memory and memory > self.first_memory + GROWN

    def end(self) -> int:
        """Kill it, and return what it exited with."""
        self.process.kill()
        self.connection.close()
        return self.process.wait()


class Local:
    """``environments`` has one entry per worker: its environment variables (threads, or which GPU it
    sees)."""

    def __init__(self, environments: list[dict[str, str]], log: Path) -> None:
        self._log = log
        self._environments = environments
        self._workers: dict[int, Worker] = {}
        self._news: list[tuple[int, int, int]] = []

    def free(self) -> int:
        return len(self._environments) - sum(w.job is not None for w in self._workers.values())

    def submit(self, job: Job) -> None:
        slot = next(s for s in range(len(self._environments)) if not self._busy(s))
        self._give(slot, job, 1)

    def _busy(self, slot: int) -> bool:
        return slot in self._workers and self._workers[slot].job is not None

    def _give(self, slot: int, job: Job, attempt: int) -> None:
        if slot not in self._workers:
            self._workers[slot] = Worker(self._log, self._environments[slot])
        self._workers[slot].give(job, attempt)
        self._news.append((job.trial, attempt, self._workers[slot].process.pid))

    def wait(self, handler: Handler, timeout: float | None = None) -> None:
        self._tell_news(handler)
        busy: dict[object, int] = {w.connection: s for s, w in self._workers.items() if w.job is not None}
        patience = min((self._workers[s].deadline() for s in busy.values()), default=0.0) - time.monotonic()
        patience = max(0.0, patience if timeout is None else min(patience, timeout))
        ready = wait([self._workers[s].connection for s in busy.values()], patience) if busy else []
        for connection in ready:
            self._hear(busy[connection], handler)
        self._end_hanging(handler)

    def _tell_news(self, handler: Handler) -> None:
        news, self._news = self._news, []
        for trial, attempt, process in news:
            handler.started(trial, attempt, f"process {process}")

    def _hear(self, slot: int, handler: Handler) -> None:
        worker = self._workers[slot]
        message = worker.hear()
        if message is None:
            self._lost(slot, handler, None)
        elif message["kind"] == "epoch":
            go = handler.epoch(message["trial"], message["epoch"], message["metrics"])
            worker.tell({"go": go})
        elif message["kind"] == "failed" and message["again"]:
            self._lost(slot, handler, message["reason"])
        else:
            worker.job = None
            self._ended(slot, message, handler)

    def _ended(self, slot: int, message: dict[str, Any], handler: Handler) -> None:
        if message["kind"] == "failed":
            handler.failed(message["trial"], message["reason"])
            return
        if self._workers[slot].grown(message["memory"]):
            self._workers.pop(slot).end()
        handler.done(message["trial"], message["result"])

    def _end_hanging(self, handler: Handler) -> None:
        now = time.monotonic()
        for slot, worker in list(self._workers.items()):
            if worker.job is not None and now > worker.deadline():
                self._lost(slot, handler, f"no sign of life for {now - worker.heard:.0f} s")

    def _lost(self, slot: int, handler: Handler, reason: str | None) -> None:
        """A training whose process died or must go: start it again from its checkpoint, or give it up."""
        worker = self._workers.pop(slot)
        job, attempt = worker.job, worker.attempt
        code = worker.end()
        if job is None:
            return
        reason = reason or _cause(code)
        if attempt < ATTEMPTS:
            handler.retried(job.trial, attempt, reason)
            self._give(slot, job, attempt + 1)
        else:
            handler.failed(job.trial, f"{reason} (attempt {attempt} of {ATTEMPTS})")

    def close(self) -> None:
        while self._workers:
            self._workers.popitem()[1].end()


def _cause(code: int) -> str:
    return f"its process was killed by signal {-code}" if code < 0 else f"its process exited with {code}"
