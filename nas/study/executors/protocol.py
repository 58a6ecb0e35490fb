"""The interface between the driver and whatever trains: plain data in, events out.

The driver submits at most ``free()`` jobs and then waits; the executor calls the driver's handler from within
``wait``, in the driver's own thread. Executors hold no truth: killed at any time, everything they knew is in
the log and in the checkpoints.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any, Protocol

NETWORK, MACHINE, MEMORY = "network", "machine", "memory"
"""Why a training failed: by an error of its own; because its process died or hung; because memory did not suffice."""


@dataclass(frozen=True)
class Job:
    """One training as plain data. ``trainer`` is ``module:function``, called with (task, seed, checkpoint,
    report): :class:`nas.study.executors.worker.Report`.

    ``task`` is the trainer's business alone (architecture, recipe, data, settings …), JSON values only.
    """

    trial: int
    trainer: str
    task: dict[str, Any]
    seed: int
    checkpoint: str

    def to_data(self) -> dict[str, Any]:
        return asdict(self)


class Wish(Protocol):
    """What a run says of where its trainings run: these of :class:`nas.study.run_options.RunOptions`."""

    @property
    def executor(self) -> str: ...

    @property
    def address(self) -> str | None: ...

    @property
    def workers(self) -> int | str: ...

    @property
    def trials(self) -> int: ...


class Handler(Protocol):
    """What the driver is told of each training."""

    def started(self, trial: int, attempt: int, where: str) -> None: ...

    def epoch(self, trial: int, epoch: int, metrics: dict[str, Any]) -> bool:
        """An epoch ended. The training waits for the answer: go on?"""
        ...

    def retried(self, trial: int, attempt: int, reason: str) -> None: ...

    def done(self, trial: int, result: dict[str, Any]) -> None: ...

    def failed(self, trial: int, reason: str, cause: str = NETWORK) -> None: ...


class Executor(Protocol):
    """Runs jobs."""

    def free(self) -> int:
        """How many more jobs may be submitted now."""
        ...

    def submit(self, job: Job) -> None: ...

    def wait(self, handler: Handler, timeout: float | None = None) -> None:
        """Hand over what happened; at least one event, unless the timeout (seconds) passes. Raises StudyError where
        the machine, and not the candidate, is the reason why a training stopped (a full disk): it is not held against
        the candidate, and the same command trains it again."""
        ...

    def paused(self) -> AbstractContextManager[None]:
        """Within, trainings stand still where they would disturb a measurement on this machine."""
        ...

    def close(self) -> None:
        """End at once; trainings keep their checkpoints."""
        ...
