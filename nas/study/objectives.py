"""What a study looks for. Everything that ranks (base, samplers, pruners, progress, retraining, page) asks here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from nas.study.pareto import fronts
from nas.study.records import Record

TOP1, MNAS, PARETO, SCORE = "top1", "mnas", "pareto", "score"
MAXIMIZE, MINIMIZE = DIRECTIONS = ("maximize", "minimize")
MNAS_EXPONENT = -0.07

Limits = Mapping[str, float]
"""The upper limits of the study's budgets by metric: macs, params, bytes, peak_bytes, latency_ms."""


def score(record: Record, limits: Limits) -> float:
    """Validation top-1 after the last epoch, or what the user's own evaluator returned."""
    return record.top1 if record.top1 is not None else -math.inf


def mnas(record: Record, limits: Limits) -> float:
    """score × (MACs / T)^-0.07, T being the budget of FLOPs (Tan & Le 2019, sec. 4; Tan et al. 2019, eq. 2, of the soft
    form): twice the MACs have to gain 5 % of the score."""
    return score(record, limits) * math.pow(record.macs / limits["macs"], MNAS_EXPONENT)


def pareto(record: Record, limits: Limits) -> tuple[float, ...]:
    """The score, and each cost that a budget limits, negated; MACs where none is limited."""
    return score(record, limits), *(-float(getattr(record, metric) or 0) for metric in limits or ("macs",))


OBJECTIVES: dict[str, Callable[[Record, Limits], float | tuple[float, ...]]] = {
    TOP1: score,
    MNAS: mnas,
    PARETO: pareto,
    SCORE: score,
}
"""Name to a pure function of a trained record and the study's limits, which gives a number to maximise, or several with
the leading one first. A new objective is one function and one line."""
OF_SCORE_ALONE = (TOP1, PARETO, SCORE)  # whose leading number is the score itself


@dataclass(frozen=True)
class Objective:
    """The name of a function in OBJECTIVES, whether scores are to be maximised or minimised, and ``limits``, the upper
    limits of the budgets as (metric, limit)."""

    name: str
    direction: str = MAXIMIZE
    limits: tuple[tuple[str, float], ...] = ()

    @property
    def sign(self) -> int:
        """1, or -1 where less is better."""
        return -1 if self.direction == MINIMIZE else 1

    @property
    def is_several(self) -> bool:
        """Whether it has several numbers, none of which may be traded for another."""
        return self.name == PARETO

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return len(self.values(Record(trial=0, state="complete", top1=0.0, macs=1)))

    def values(self, record: Record) -> tuple[float, ...]:
        """The numbers to maximise of a trained record, the leading one first."""
        signed = record if self.sign == 1 or record.top1 is None else replace(record, top1=-record.top1)
        number = OBJECTIVES[self.name](signed, self._limits)
        return tuple(map(_or_worst, number)) if isinstance(number, tuple) else (_or_worst(number),)

    @cached_property
    def _limits(self) -> Limits:
        return dict(self.limits)

    def value(self, record: Record) -> float:
        """The (leading) number to maximise of a trained record."""
        return self.values(record)[0]

    def curve(self, record: Record) -> tuple[float, ...]:
        """The number to maximise after each epoch."""
        if self.name in OF_SCORE_ALONE:
            return tuple(self.sign * number for number in record.top1_by_epoch)
        return tuple(self.value(replace(record, top1=number)) for number in record.top1_by_epoch)

    def maximised(self, records: Iterable[Record]) -> Iterable[Record]:
        """The records with their scores as numbers to maximise, for a pruner. Where costs are weighed, too, the
        training loss is left out, which knows nothing of them."""
        as_they_are = self.sign == 1 and self.name in OF_SCORE_ALONE
        return records if as_they_are else [_maximised(self, record) for record in records]


def _or_worst(number: float) -> float:
    return number if math.isfinite(number) else -math.inf


@lru_cache(maxsize=10_000)
def _maximised(objective: Objective, record: Record) -> Record:
    last = None if record.top1 is None else objective.value(record)
    loss = record.loss_by_epoch if objective.name in OF_SCORE_ALONE else ()
    return replace(record, top1=last, top1_by_epoch=objective.curve(record), loss_by_epoch=loss)


def objective_of(objective: Objective | str) -> Objective:
    """The objective; a name alone is maximised."""
    return Objective(objective) if isinstance(objective, str) else objective


def value(objective: Objective | str, record: Record) -> float:
    """The (leading) number to maximise of a trained record."""
    return objective_of(objective).value(record)


def ranked(records: Iterable[Record], objective: Objective | str) -> list[Record]:
    """Completed search trials, best first; ties to fewer MACs, then to the earlier trial. Where the objective has
    several numbers, the Pareto front first, then the front of the rest, and so on; within one by the leading number."""
    goal = objective_of(objective)
    complete = [r for r in records if r.state == "complete" and r.replicate == 0]
    numbers = [goal.values(record) for record in complete]
    front = fronts(numbers) if goal.is_several else [0] * len(complete)
    order = zip(front, numbers, complete, strict=True)
    keyed = [((rank, -values[0], record.macs, record.trial), record) for rank, values, record in order]
    return [record for _, record in sorted(keyed, key=lambda pair: pair[0])]
