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
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from nas.machine import WAITING, usable_cores, usable_memory
from nas.storage import layout
from nas.study.errors import StudyError
from nas.study.executors.attempts import Attempt, Patience, Silence
from nas.study.executors.protocol import MACHINE, MEMORY, Handler, Job

_START = (
    "import json, sys; handle, parent, paths = json.loads(sys.argv[1]); sys.path[:] = paths; "
    "from nas.study.executors.worker import main; main(handle, parent)"
)

TRAINER_MEMORY = 1 << 30  # bytes: torch, a small network and a batch; images are shared


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
        self.attempt: Attempt | None = None
        self.first_memory: int | None = None
        self.silence = Silence(patience)

    def start(self, attempt: Attempt) -> None:
        self.attempt, self.silence = attempt, Silence(self.patience)
        self.send(attempt.job.to_data())

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
        self.silence.end()
        return message

    def has_grown(self, memory: int) -> bool:
        """Whether its peak memory (KiB) has outgrown that of its first training."""
        first = self.first_memory = self.first_memory or memory
        return memory > self.patience.growth * first and memory > first + self.patience.grown_kib

    def signal(self, number: int) -> None:
        """Send a signal to it and to the processes that it started."""
        with suppress(ProcessLookupError, PermissionError):  # it is dead: the next read says so
            os.killpg(self.process.pid, number)

    def end(self) -> int:
        """Kill it and what it started, and return what it exited with."""
        self.signal(signal.SIGKILL)
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
        return len(self._environments) - sum(w.attempt is not None for w in self._workers.values())

    def submit(self, job: Job) -> None:
        slot = next(s for s in range(len(self._environments)) if not self._busy(s))
        self._start(slot, Attempt(job))

    def _busy(self, slot: int) -> bool:
        return slot in self._workers and self._workers[slot].attempt is not None

    def _start(self, slot: int, attempt: Attempt) -> None:
        if slot not in self._workers:
            self._workers[slot] = Worker(self._log, self._environments[slot], self._patience)
        self._workers[slot].start(attempt)
        self._started.append((attempt.job.trial, attempt.number, self._workers[slot].process.pid))

    def wait(self, handler: Handler, timeout: float | None = None) -> None:
        self._report_started(handler)
        busy: dict[object, int] = {w.connection: s for s, w in self._workers.items() if w.attempt is not None}
        deadline = min((self._workers[s].silence.deadline() for s in busy.values()), default=0.0)
        patience = deadline - time.monotonic()
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
        elif message["kind"] == "failed" and message["memory"]:
            self._lost(slot, handler, message["reason"], MEMORY)
        else:
            worker.attempt = None
            self._ended(slot, message, handler)

    def _ended(self, slot: int, message: dict[str, Any], handler: Handler) -> None:
        if message["kind"] == "failed":
            handler.failed(message["trial"], message["reason"])
            return
        if self._workers[slot].has_grown(message["peak_kib"]):
            self._workers.pop(slot).end()
        handler.done(message["trial"], message["result"])

    def _end_hanging(self, handler: Handler) -> None:
        for slot, worker in list(self._workers.items()):
            if worker.attempt is not None and (reason := worker.silence.reason()) is not None:
                self._lost(slot, handler, reason)

    def _lost(self, slot: int, handler: Handler, reason: str | None, cause: str = MACHINE) -> None:
        """A training whose process died or must go: start it again from its checkpoint, or give it up."""
        worker = self._workers.pop(slot)
        code = worker.end()
        if worker.attempt is not None:
            attempt = worker.attempt.lost(handler, reason or exit_reason(code), cause)
            if attempt is not None:
                self._start(slot, attempt)

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
                worker.silence.heard += time.monotonic() - began

    def close(self) -> None:
        while self._workers:
            self._workers.popitem()[1].end()


def exit_reason(code: int) -> str:
    """What a process that exited with ``code`` (negative: killed by that signal) came to."""
    return f"its process was killed by signal {-code}" if code < 0 else f"its process exited with {code}"


def training_environment(settings: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables of a process that trains, wherever it runs."""
    waiting = {name: os.environ.get(name, value) for name, value in WAITING.items()}
    return waiting | {name: str(settings.get("threads", 1)) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}


def environments(settings: Mapping[str, Any], workers: int | str, trials: int) -> list[dict[str, str]]:
    """The environment of each worker: its threads on the CPU, and which GPU it sees."""
    threads = training_environment(settings)
    if str(settings.get("device")).startswith("cuda"):
        index = str(settings["device"]).partition(":")[2]
        devices = _visible_gpus()
        devices = [devices[int(index)]] if index else devices
        count = len(devices) if workers == "auto" else int(workers)
        return [{**threads, "CUDA_VISIBLE_DEVICES": devices[i % len(devices)]} for i in range(count)]
    return [threads] * (min(cpu_workers(settings), trials) if workers == "auto" else int(workers))


def cpu_workers(settings: Mapping[str, Any]) -> int:
    """How many trainings this machine has cores and memory for, at least one."""
    memory = usable_memory()
    room = usable_cores() // int(settings.get("threads", 1))
    return max(1, room if memory is None else min(room, memory // TRAINER_MEMORY))


def _visible_gpus() -> list[str]:
    import torch

    named = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return named or [str(index) for index in range(torch.cuda.device_count())]
