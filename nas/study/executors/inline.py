"""One training at a time, in the driver's own process: for a user's own evaluator."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nas.study.executors.executor import Handler, Job

Trainer = Callable[[Job, Callable[[int, dict[str, Any]], bool]], dict[str, Any]]


class Inline:
    """Calls ``train(job, report)`` inside ``wait``. What it raises is the reason of a failed trial."""

    def __init__(self, train: Trainer) -> None:
        self._train = train
        self._job: Job | None = None

    def free(self) -> int:
        return 1 if self._job is None else 0

    def submit(self, job: Job) -> None:
        self._job = job

    def wait(self, handler: Handler, timeout: float | None = None) -> None:
        job, self._job = self._job, None
        if job is None:
            return
        handler.started(job.trial, 1, "inline")
        try:
            result = self._train(job, lambda epoch, metrics: handler.epoch(job.trial, epoch, metrics))
            if not math.isfinite(result["top1"]):
                raise ValueError(f"the score must be a finite number, got {result['top1']}")
        except Exception as error:
            handler.failed(job.trial, f"{type(error).__name__}: {error}".splitlines()[0])
        else:
            handler.done(job.trial, result)

    def close(self) -> None:
        self._job = None
