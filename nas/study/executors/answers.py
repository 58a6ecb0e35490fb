"""One question to the machine that trains, asked between trainings."""

from __future__ import annotations

from typing import Any

from nas.study.executors.protocol import NETWORK, Executor, Job

QUESTION = -1  # in the place of a trial's number


class _Answer:
    """The handler of a question: its result, or why there is none."""

    def __init__(self) -> None:
        self.result: dict[str, Any] | None = None

    def started(self, trial: int, attempt: int, where: str) -> None:
        """That it has begun says nothing."""

    def retried(self, trial: int, attempt: int, reason: str) -> None:
        """The executor asks again by itself."""

    def epoch(self, trial: int, epoch: int, metrics: dict[str, Any]) -> bool:
        """A question has no epochs."""
        return True

    def done(self, trial: int, result: dict[str, Any]) -> None:
        self.result = result

    def failed(self, trial: int, reason: str, cause: str = NETWORK) -> None:
        self.result = {"problem": reason}


def answer(executor: Executor, function: str, task: dict[str, Any], checkpoint: str) -> dict[str, Any]:
    """What ``function`` (``module:name``, called as a trainer is) makes of ``task`` and ``checkpoint`` where trainings
    run, of which none may be under way; ``problem`` says why there is no result. Raises StudyError as
    :meth:`~nas.study.executors.protocol.Executor.wait`."""
    handler = _Answer()
    executor.submit(Job(QUESTION, function, task, 0, checkpoint))
    while handler.result is None:
        executor.wait(handler)
    return handler.result
