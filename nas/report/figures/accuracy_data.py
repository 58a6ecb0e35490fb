"""What accuracy against cost shows: every trial by its state, the Pareto front, the base, the budget, the reference."""

from __future__ import annotations

from dataclasses import dataclass

from nas.report import tables
from nas.report.figures.known import Known, known_networks
from nas.report.numbers import METRICS
from nas.study import Record, Study
from search_spaces import Budget

Point = tuple[float, float, int]  # cost, top-1 as a fraction, trial

SHOWN = ("complete", "pruned", "reused")
"""States whose trials are points."""


@dataclass(frozen=True)
class Repeated:
    """A network trained with several seeds: mean and deviation of top-1."""

    cost: float
    mean: float
    deviation: float
    n: int


@dataclass(frozen=True)
class Accuracy:
    """All that the figure shows; costs in the unit of ``metric``, top-1 as fractions. ``limit`` is the upper limit of
    the first budget on a countable cost; ``size`` says at which image size and classes costs hold."""

    metric: str
    size: str
    points: dict[str, tuple[Point, ...]]
    infeasible: tuple[float, ...]
    front: tuple[tuple[float, float], ...]
    base: Point | None
    repeated: tuple[Repeated, ...]
    limit: float | None
    known: tuple[Known, ...]
    beyond: tuple[Known, ...]
    reference: tuple[float, float, float] | None
    x_range: tuple[float, float]
    y_range: tuple[float, float]


def compute(study: Study) -> Accuracy:
    """What the figure shows of a study, from its records."""
    question, records = study.definition, study.records
    budget = next((b for b in map(Budget.parse, question.budgets) if b.metric in METRICS), None)
    metric, limit = (budget.metric, float(budget.high)) if budget else ("macs", None)

    def point(record: Record, top1: float) -> Point:
        return float(getattr(record, metric)), top1, record.trial

    points = {state: tuple(point(*pair) for pair in tables.scored(tables.searched(records, state))) for state in SHOWN}
    infeasible = tuple(float(getattr(record, metric)) for record in tables.searched(records, "infeasible"))
    repeated = tuple(
        Repeated(float(getattr(again.record, metric)), again.mean, again.deviation, again.n)
        for again in tables.retrained(records)
    )
    x_range = _x_range([p[0] for ps in points.values() for p in ps], infeasible, limit)
    known = known_networks(question.image_size, question.classes, metric)
    score = study.reference
    reference = (score.top1, score.low, score.high) if score else None
    return Accuracy(
        metric=metric,
        size=f"at {question.image_size} px and {question.classes} classes",
        points=points,
        infeasible=tuple(x for x in infeasible if x <= x_range[1]),
        front=tuple(point(*pair)[:2] for pair in tables.front(records, metric)),
        base=point(study.base, study.base.top1) if study.base and study.base.top1 is not None else None,
        repeated=repeated,
        limit=limit,
        known=tuple(k for k in known if x_range[0] <= k.cost <= x_range[1]),
        beyond=tuple(k for k in known if not x_range[0] <= k.cost <= x_range[1]),
        reference=reference,
        x_range=x_range,
        y_range=_y_range(points, repeated, reference),
    )


def _x_range(trained: list[float], infeasible: tuple[float, ...], limit: float | None) -> tuple[float, float]:
    inside = trained + ([limit] if limit else [])
    if not inside:
        inside = list(infeasible) or [1.0]
    top = max(inside)
    near = [x for x in infeasible if x <= 1.25 * top]  # ticks far over the budget would squeeze the rest
    low, high = min(inside + near), max(inside + near)
    margin = 0.06 * (high - low) or 0.1 * high
    return max(0.0, low - margin), high + margin


def _y_range(
    points: dict[str, tuple[Point, ...]],
    repeated: tuple[Repeated, ...],
    reference: tuple[float, float, float] | None,
) -> tuple[float, float]:
    scores = [p[1] for state in ("complete", "reused") for p in points[state]]
    scores += [r.mean + side * r.deviation for r in repeated for side in (-1, 1)]
    scores += [] if reference is None else list(reference)
    scores = scores or [p[1] for p in points["pruned"]] or [0.0, 1.0]
    low, high = min(scores), max(scores)
    pruned = [p[1] for p in points["pruned"] if p[1] >= low - (high - low)]
    low = min([low, *pruned])
    margin = 0.08 * (high - low) or 0.02
    return max(0.0, low - 1.6 * margin), min(1.005, high + margin)
