"""Latency budgets: no count gives a latency, so candidates within all other budgets are drawn, then measured.

What was measured stands in the log, so that a resumed study goes on with the same figures. A network whose latency
other work on the machine disturbed is passed over for now, and measured again when it is proposed again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict

from nas.study.errors import StudyError
from nas.study.journal import Journal
from nas.study.outcome import Measured
from search_spaces import Architecture, Budget, digest


class Latencies:
    """Time of a forward pass of one image on the study's device, measured once a network.

    ``budgets`` limit its median; ``measure`` maps an architecture to what was measured. After ``max_outside``
    measurements in a row outside the budgets, or ``max_unsteady`` that were disturbed, there is an error.
    """

    def __init__(
        self,
        budgets: tuple[Budget, ...],
        journal: Journal,
        measure: Callable[[Architecture], Measured],
        max_outside: int = 100,
        max_unsteady: int = 10,
    ) -> None:
        self.budgets = budgets
        self._journal = journal
        self._measure = measure
        self._max_outside = max_outside
        self._max_unsteady = max_unsteady
        self._outside = self._unsteady = 0

    def of(self, architecture: Architecture) -> Measured:
        """The latency. Raises StudyError after too many networks in a row outside the budgets, or disturbed."""
        key = digest(architecture)
        known = self._journal.folded.latencies.get(key)
        if known is not None:
            return known
        measured = self._measure(architecture)
        inside = all(measured.violation(budget) <= 0 for budget in self.budgets)
        unsteady = measured.disturbance is not None and not inside
        self._journal.add("unsteady" if unsteady else "measured", digest=key, **asdict(measured))
        self._unsteady = self._unsteady + 1 if unsteady else 0
        self._outside = 0 if inside else self._outside + 1
        self._check(measured)
        return measured

    def _check(self, last: Measured) -> None:
        if self._unsteady >= self._max_unsteady:
            raise StudyError(
                f"the latencies of the last {self._unsteady} networks could not be measured steadily (of the last one "
                f"{last.disturbance}): end other processes on this machine; the same command then goes on"
            )
        if self._outside >= self._max_outside:
            limits = " and ".join(map(str, self.budgets))
            raise StudyError(
                f"the last {self._max_outside} networks measured lie outside {limits} "
                f"(the last one: {last.latency_ms:.3g} ms)"
            )


def on_device(
    device: str, threads: int, alone: Callable[[], AbstractContextManager[None]] = nullcontext
) -> Callable[[Architecture], Measured]:
    """Measures on ``device`` (on the CPU with this many threads), at the architecture's own image size, within
    ``alone()``: the study's own trainings stand still."""

    def measure(architecture: Architecture) -> Measured:
        from nas.module.latency import UnsteadyError, latency

        with alone():
            try:
                result = latency(architecture, device, threads=threads)
            except UnsteadyError as error:
                result = error.latency
        return Measured(
            latency_ms=round(result.median_ms, 6),
            p5_ms=round(result.p5_ms, 6),
            p95_ms=round(result.p95_ms, 6),
            device=result.device,
            processor=result.processor,
            threads=result.threads,
            batch=result.batch,
            runs=result.runs,
            repeats=result.repeats,
            disturbance=result.disturbance,
        )

    return measure
