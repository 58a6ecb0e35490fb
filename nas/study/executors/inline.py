"""One training at a time, in the driver's own process: for a user's own evaluator."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from nas.study.executors.protocol import Handler, Job
from nas.study.plan import Evaluate
from search_spaces import Block
from search_spaces.files.codec import from_data

MAX_SCORE = 1e100  # so that squares of scores can be added

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
            result = self._train(job, _shielded(handler, job.trial))
            if not abs(result["top1"]) <= MAX_SCORE:  # nor a NaN
                raise ValueError(f"the score must be a finite number, got {result['top1']}")
        except _DriverError as error:
            raise error.cause from None
        except Exception as error:
            handler.failed(job.trial, f"{type(error).__name__}: {error}".splitlines()[0])
        else:
            handler.done(job.trial, result)

    def close(self) -> None:
        self._job = None


class _DriverError(BaseException):
    """An error of the driver on its way through the user's evaluator, which must not take it for its own."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _shielded(handler: Handler, trial: int) -> Callable[[int, dict[str, Any]], bool]:
    def report(epoch: int, metrics: dict[str, Any]) -> bool:
        try:
            return handler.epoch(trial, epoch, metrics)
        except Exception as error:
            raise _DriverError(error) from error

    return report


def evaluator(evaluate: Evaluate, blocks: Mapping[str, type[Block]] | None) -> Trainer:
    """The user's evaluator as a trainer; ``blocks`` are blocks from outside by kind."""

    def train(job: Job, report: Callable[[int, dict[str, Any]], bool]) -> dict[str, Any]:
        start, curve, verdicts = time.perf_counter(), [], [True]

        def report_score(epoch: int, top1: float) -> bool:
            curve.append(float(top1))
            verdicts.append(report(epoch, {"top1": float(top1), "seconds": time.perf_counter() - start}))
            return verdicts[-1]

        architecture = from_data(job.task["architecture"], blocks=blocks)
        score = float(evaluate(architecture, job.seed, report_score))
        return {
            "top1": score,
            "top1_by_epoch": curve or [score],
            "seconds": time.perf_counter() - start,
            "pruned": not verdicts[-1],
        }

    return train
