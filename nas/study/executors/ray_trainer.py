"""The actor of a Ray cluster that trains, one job after another, on whatever node it is."""

from __future__ import annotations

import os
import queue
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nas.study.executors.worker import outcome

TELL_EVERY = 2.0  # seconds between messages of an actor that has nothing to say


class Trainer:
    """The actor: one method trains, another hands over what happened, a third takes the verdict, each in a thread."""

    def __init__(self, spec: str | None, seed: int, data: Any) -> None:
        from nas.study.trainer import provide

        if data is not None:
            provide(spec, seed, data)
        self._events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._verdicts: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._folder = tempfile.TemporaryDirectory(prefix="nas-")
        self._checkpoint = Path(self._folder.name) / "none.ckpt"
        self._sent = 0
        self.signs = 0

    def where(self) -> dict[str, Any]:
        """Process, host and node of the actor."""
        import ray

        return {"host": os.uname().nodename, "pid": os.getpid(), "node": ray.get_runtime_context().get_node_id()}

    def train(self, job: Mapping[str, Any], checkpoint: bytes | None) -> None:
        """Train a job, going on from a checkpoint; all that comes of it is handed over by ``listen``."""
        self._checkpoint = Path(self._folder.name) / Path(job["checkpoint"]).name
        if checkpoint is not None:
            self._checkpoint.write_bytes(checkpoint)
        self._sent = self._written()
        kind, fields = outcome({**job, "checkpoint": str(self._checkpoint)}, self)
        self._events.put({"kind": kind, **fields})

    def listen(self) -> dict[str, Any]:
        """What happened next, with the checkpoint where it is a new one; soon, if only a sign of life."""
        try:
            message = self._events.get(timeout=TELL_EVERY)
        except queue.Empty:
            message = {"kind": "alive"}
        written = self._written()
        if written != self._sent:
            self._sent = written
            message["checkpoint"] = self._checkpoint.read_bytes()
        return {**message, "signs": self.signs}

    def verdict(self, go: bool) -> None:
        """The answer to an epoch."""
        self._verdicts.put(go)

    def _written(self) -> int:
        try:
            return self._checkpoint.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def __call__(self, epoch: int, metrics: dict[str, Any]) -> bool:
        """An epoch ended; waits for the verdict: go on?"""
        self.signs += 1
        self._events.put({"kind": "epoch", "epoch": epoch, "metrics": metrics})
        return self._verdicts.get()

    def alive(self) -> None:
        """A sign of life, at every step."""
        self.signs += 1
