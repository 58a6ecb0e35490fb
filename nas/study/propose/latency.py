"""Latency budgets: no count gives a latency, so candidates within all other budgets are drawn, then measured.

What was measured stands in the log, so that a resumed study goes on with the same figures.
"""

from __future__ import annotations

from collections.abc import Callable

from nas.study.errors import StudyError
from nas.study.journal import Journal
from search_spaces import Architecture, Budget, digest


class Latencies:
    """Median milliseconds of a forward pass of one image on the study's device, measured once a network.

    ``budgets`` limit them; ``measure`` maps an architecture to milliseconds. After ``max_outside`` measurements in a
    row outside the budgets there is an error.
    """

    def __init__(
        self,
        budgets: tuple[Budget, ...],
        journal: Journal,
        measure: Callable[[Architecture], float],
        max_outside: int = 100,
    ) -> None:
        self.budgets = budgets
        self._journal = journal
        self._measure = measure
        self._max_outside = max_outside
        self._outside = 0

    def of(self, architecture: Architecture) -> float:
        """Latency in milliseconds. Raises StudyError after too many networks in a row outside the budgets."""
        key = digest(architecture)
        known = self._journal.folded.latencies.get(key)
        if known is not None:
            return known
        latency = round(self._measure(architecture), 6)
        self._journal.add("measured", digest=key, latency_ms=latency)
        inside = all(budget.violation_of(latency) <= 0 for budget in self.budgets)
        self._outside = 0 if inside else self._outside + 1
        if self._outside >= self._max_outside:
            limits = " and ".join(map(str, self.budgets))
            raise StudyError(
                f"the last {self._max_outside} networks measured lie outside {limits} (the last one: {latency:.3g} ms)"
            )
        return latency


def on_device(device: str, threads: int) -> Callable[[Architecture], float]:
    """Measures on ``device`` (on the CPU with this many threads), at the architecture's own image size."""

    def measure(architecture: Architecture) -> float:
        from nas.module.latency import latency

        return latency(architecture, device, threads=threads).median_ms

    return measure
