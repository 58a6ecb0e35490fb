"""Trainings in processes of this machine: one per GPU, or n on the CPU with one thread each."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from nas.machine import WAITING, usable_cores
from nas.storage import layout
from nas.study.errors import StudyError
from nas.study.executors.protocol import MAX_ATTEMPTS, Handler, Job

_START = (
    "import json, sys; handle, parent, paths = json.loads(sys.argv[1]); sys.path[:] = paths; "
    "from nas.study.executors.worker import main; main(handle, parent)"
)


@dataclass(frozen=True)
class Patience:
    """When a process is given up.

    It hangs after ``first`` seconds of silence before its second sign of life (images may have to be decoded, and one
    that goes on tells its last epoch again at once), later after ``factor`` times its longest silence, at least
    ``least`` seconds. It is replaced between trainings where its
    peak memory has grown to more than ``growth`` times that of its first training and by more than ``grown_kib`` KiB.
    """

    first: float = 1800.0
    least: float = 600.0
    factor: float = 20.0
    growth: float = 2.0
    grown_kib: int = 1 << 20


class Worker:
    """One process, the driver's end of its socket, and the job that it has."""

    def __init__(self, log: Path, environment: dict[str, str], patience: Patience) -> None:
        self.patience = patience
        ours, theirs = socket.socketpair()
        argument = json.dumps([theirs.fileno(), os.getpid(), sys.path])
        with theirs, log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, argument],
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
        self.signs = 0

    def start(self, job: Job, attempt: int) -> None:
        self.job, self.attempt = job, attempt
        self.heard, self.silence, self.signs = time.monotonic(), 0.0, 0
        self.send(job.to_data())

    def send(self, message: dict[str, Any]) -> None:
        try:
            self.connection.send_bytes(json.dumps(message).encode())
        except OSError:
            return  # it is dead: the next read says so

    def receive(self) -> dict[str, Any] | None:
        """Its next message; None when the process is gone."""
        try:
            message: dict[str, Any] = json.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            return None
        now = time.monotonic()
        self.silence, self.heard, self.signs = max(self.silence, now - self.heard), now, self.signs + 1
        return message

    def deadline(self) -> float:
        """When (monotonic seconds) its silence counts as hanging."""
        patience = self.patience
        later = max(patience.least, patience.factor * self.silence)
        return self.heard + (later if self.signs > 1 else max(patience.first, later))

    def has_grown(self, memory: int) -> bool:
        """Whether its peak memory (KiB) has outgrown that of its first training."""
        first = self.first_memory = self.first_memory or memory
        return memory > self.patience.growth * first and memory > first + self.patience.grown_kib

    def signal(self, number: int) -> None:
        """Send a signal to it and to the processes that it started."""
        with suppress(ProcessLookupError, PermissionError):  # it is dead: the next read says so
            os.killpg(self.process.pid, number)

    def end(self) -> int:
        """Kill it, and return what it exited with."""
        self.process.kill()
        self.connection.close()
        return self.process.wait()


class Local:
    """``environments`` has one entry per worker: its environment variables (threads, or which GPU it
    sees). What workers print goes to a file in ``folder``."""

    def __init__(self, environments: list[dict[str, str]], folder: Path, patience: Patience | None = None) -> None:
        self._log = folder / layout.WORKERS_LOG
        self._environments = environments
        self._patience = patience or Patience()
        self._workers: dict[int, Worker] = {}
        self._started: list[tuple[int, int, int]] = []

    def free(self) -> int:
        return len(self._environments) - sum(w.job is not None for w in self._workers.values())

    def submit(self, job: Job) -> None:
        slot = next(s for s in range(len(self._environments)) if not self._busy(s))
        self._start(slot, job, 1)

    def _busy(self, slot: int) -> bool:
        return slot in self._workers and self._workers[slot].job is not None

    def _start(self, slot: int, job: Job, attempt: int) -> None:
        if slot not in self._workers:
            self._workers[slot] = Worker(self._log, self._environments[slot], self._patience)
        self._workers[slot].start(job, attempt)
        self._started.append((job.trial, attempt, self._workers[slot].process.pid))

    def wait(self, handler: Handler, timeout: float | None = None) -> None:
        self._report_started(handler)
        busy: dict[object, int] = {w.connection: s for s, w in self._workers.items() if w.job is not None}
        patience = min((self._workers[s].deadline() for s in busy.values()), default=0.0) - time.monotonic()
        patience = max(0.0, patience if timeout is None else min(patience, timeout))
        ready = wait([self._workers[s].connection for s in busy.values()], patience) if busy else []
        for connection in ready:
            self._receive(busy[connection], handler)
        self._end_hanging(handler)

    def _report_started(self, handler: Handler) -> None:
        started, self._started = self._started, []
        for trial, attempt, process in started:
            handler.started(trial, attempt, f"process {process}")

    def _receive(self, slot: int, handler: Handler) -> None:
        worker = self._workers[slot]
        message = worker.receive()
        if message is None:
            self._lost(slot, handler, None)
        elif message["kind"] == "alive":
            return  # that it came is all that it says
        elif message["kind"] == "epoch":
            go = handler.epoch(message["trial"], message["epoch"], message["metrics"])
            worker.send({"go": go})
        elif message["kind"] == "stopped":
            raise StudyError(f"trial {message['trial']} stopped, and the study with it: {message['reason']}")
        elif message["kind"] == "failed" and message["again"]:
            self._lost(slot, handler, message["reason"])
        else:
            worker.job = None
            self._ended(slot, message, handler)

    def _ended(self, slot: int, message: dict[str, Any], handler: Handler) -> None:
        if message["kind"] == "failed":
            handler.failed(message["trial"], message["reason"])
            return
        if self._workers[slot].has_grown(message["memory"]):
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
        if attempt < MAX_ATTEMPTS:
            handler.retried(job.trial, attempt, reason)
            self._start(slot, job, attempt + 1)
        else:
            handler.failed(job.trial, f"{reason} (attempt {attempt} of {MAX_ATTEMPTS})")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Within, all processes are stopped, which is no silence of theirs."""
        began, workers = time.monotonic(), list(self._workers.values())
        try:
            for worker in workers:
                worker.signal(signal.SIGSTOP)
            yield
        finally:
            for worker in workers:
                worker.signal(signal.SIGCONT)
                worker.heard += time.monotonic() - began

    def close(self) -> None:
        while self._workers:
            self._workers.popitem()[1].end()


def _cause(code: int) -> str:
    return f"its process was killed by signal {-code}" if code < 0 else f"its process exited with {code}"


def environments(settings: Mapping[str, Any], workers: int | str, trials: int) -> list[dict[str, str]]:
    """The environment of each worker: its threads on the CPU, and which GPU it sees."""
    waiting = {name: os.environ.get(name, value) for name, value in WAITING.items()}
    threads = waiting | {name: str(settings.get("threads", 1)) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    if str(settings.get("device")).startswith("cuda"):
        index = str(settings["device"]).partition(":")[2]
        devices = _visible_gpus()
        devices = [devices[int(index)]] if index else devices
        count = len(devices) if workers == "auto" else int(workers)
        return [{**threads, "CUDA_VISIBLE_DEVICES": devices[i % len(devices)]} for i in range(count)]
    count = min(max(1, usable_cores() // settings.get("threads", 1)), trials) if workers == "auto" else int(workers)
    return [threads] * count


def _visible_gpus() -> list[str]:
    import torch

    named = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return named or [str(index) for index in range(torch.cuda.device_count())]
