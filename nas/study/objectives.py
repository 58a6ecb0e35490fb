"""What a study looks for. Everything that ranks (base, samplers, pruners, progress, retraining, page) asks here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from nas.study.records import Record

TOP1, SCORE = "top1", "score"
MAXIMIZE, MINIMIZE = DIRECTIONS = ("maximize", "minimize")


def top1(record: Record) -> float:
    """Validation top-1 after the last epoch."""
    return score(record)


def score(record: Record) -> float:
    """What the user's own evaluator returned."""
    return record.top1 if record.top1 is not None else float("-inf")


OBJECTIVES: dict[str, Callable[[Record], float]] = {
    TOP1: top1,
    SCORE: score,
}
"""Name to a pure function of a trained record. A new objective is one function and one line."""


@dataclass(frozen=True)
class Objective:
    """The name of a function in OBJECTIVES, and whether its number is to be maximised or minimised."""

    name: str
    direction: str = MAXIMIZE

    @property
    def sign(self) -> int:
        """1, or -1 where less is better."""
        return -1 if self.direction == MINIMIZE else 1

    def value(self, record: Record) -> float:
        """The number to maximise of a trained record."""
        number = OBJECTIVES[self.name](record)
        return self.sign * number if math.isfinite(number) else -math.inf

    def curve(self, scores: Sequence[float]) -> tuple[float, ...]:
        """Scores by epoch as numbers to maximise."""
        return tuple(self.sign * number for number in scores)

    def maximised(self, records: Iterable[Record]) -> Iterable[Record]:
        """The records with their scores as numbers to maximise, for a pruner."""
        return records if self.sign == 1 else [self._maximised(record) for record in records]

    def _maximised(self, record: Record) -> Record:
        last = None if record.top1 is None else self.sign * record.top1
        return replace(record, top1=last, top1_by_epoch=self.curve(record.top1_by_epoch))


def objective_of(objective: Objective | str) -> Objective:
    """The objective; a name alone is maximised."""
    return Objective(objective) if isinstance(objective, str) else objective


def value(objective: Objective | str, record: Record) -> float:
    """The number to maximise of a trained record."""
    return objective_of(objective).value(record)


def ranked(records: Iterable[Record], objective: Objective | str) -> list[Record]:
    """Completed search trials, best first; ties to fewer MACs, then to the earlier trial."""
    complete = (r for r in records if r.state == "complete" and r.replicate == 0)
    return sorted(complete, key=lambda r: (-value(objective, r), r.macs, r.trial))
