"""When a training that fell silent or whose process died is started again, and when it is given up."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from nas.study.executors.protocol import MACHINE, MEMORY, Handler, Job

MAX_ATTEMPTS = {MACHINE: 3, MEMORY: 2}  # starts in all, by the cause of the last end


@dataclass(frozen=True)
class Patience:
    """When a process is given up.

    It hangs after ``first`` seconds of silence before its second sign of life (images may have to be decoded, and one
    that goes on tells its last epoch again at once), later after ``factor`` times its longest silence, at least
    ``least`` and at most ``first`` seconds. It is replaced between trainings where its peak memory has grown to more
    than ``growth`` times that of its first training and by more than ``grown_kib`` KiB.
    """

    first: float = 1800.0
    least: float = 600.0
    factor: float = 20.0
    growth: float = 2.0
    grown_kib: int = 1 << 20


@dataclass
class Silence:
    """How long a training was silent, and how long it may be."""

    patience: Patience
    heard: float = field(default_factory=time.monotonic)
    longest: float = 0.0
    signs: int = 0

    def end(self) -> None:
        """A sign of life has come."""
        now = time.monotonic()
        self.longest, self.heard, self.signs = max(self.longest, now - self.heard), now, self.signs + 1

    def deadline(self) -> float:
        """When (monotonic seconds) the silence counts as hanging."""
        patience = self.patience
        later = min(max(patience.least, patience.factor * self.longest), max(patience.first, patience.least))
        return self.heard + (later if self.signs > 1 else max(patience.first, later))

    def reason(self) -> str | None:
        """Why it hangs, None where it does not."""
        now = time.monotonic()
        return f"no sign of life for {now - self.heard:.0f} s" if now > self.deadline() else None


@dataclass(frozen=True)
class Attempt:
    """A job, and for which time it was started."""

    job: Job
    number: int = 1

    def lost(self, handler: Handler, reason: str, cause: str = MACHINE) -> Attempt | None:
        """The next attempt after this one came to no end, which the handler is told of; None where the training is
        given up."""
        most = MAX_ATTEMPTS[cause]
        if self.number < most:
            handler.retried(self.job.trial, self.number, reason)
            return Attempt(self.job, self.number + 1)
        handler.failed(self.job.trial, f"{reason} (attempt {self.number} of {most})", cause)
        return None

    def interrupted(self, handler: Handler, reason: str) -> Attempt:
        """The same attempt again: its machine went away, which is no sign of anything."""
        handler.retried(self.job.trial, self.number, reason)
        return self
