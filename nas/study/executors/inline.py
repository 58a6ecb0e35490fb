"""One training at a time, in the driver's own process: for a user's own evaluator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from nas.study.executors.protocol import Handler, Job
from nas.text.errors import error_text
from search_spaces.errors import UserError

Trainer = Callable[[Job, Callable[[int, dict[str, Any]], bool]], dict[str, Any]]


class WrongUse(UserError):
    """An evaluator returned or reported what it may not; the text says all of it."""


class Inline:
    """Calls ``train(job, report)`` inside ``wait``. What it raises is the reason of a failed trial, with its type, its
    message and the epoch reached."""

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
        report = _Report(handler, job.trial)
        try:
            result = self._train(job, report)
        except _DriverError as error:
            raise error.cause from None
        except (Exception, SystemExit) as error:
            handler.failed(job.trial, _reason(error, report.epochs))
        else:
            handler.done(job.trial, result)

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()

    def close(self) -> None:
        self._job = None


class _DriverError(BaseException):
    """An error of the driver on its way through the user's evaluator, which must not take it for its own."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _Report:
    """Tells the driver of each epoch of a trial, and remembers the last."""

    def __init__(self, handler: Handler, trial: int) -> None:
        self._handler = handler
        self._trial = trial
        self.epochs = 0

    def __call__(self, epoch: int, metrics: dict[str, Any]) -> bool:
        self.epochs = epoch
        try:
            return self._handler.epoch(self._trial, epoch, metrics)
        except Exception as error:
            raise _DriverError(error) from error


def _reason(error: Exception | SystemExit, epochs: int) -> str:
    """What was raised in one line, and after which epoch."""
    kind = "" if isinstance(error, WrongUse) else type(error).__name__
    message = next(iter(error_text(error).strip().splitlines()), "")
    line = ": ".join(part for part in (kind, message) if part)
    return f"{line}, after epoch {epochs}" if epochs else line
