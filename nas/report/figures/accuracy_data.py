"""What accuracy against cost shows: every trial by its state, the Pareto front, the base, the budget, the reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nas.report import tables
from nas.report.figures.known import Known, known_networks
from nas.report.pareto_front import pareto_front
from nas.report.tables import Point, Retrained
from nas.study import Study
from nas.text.numbers import METRICS
from nas.text.scores import Scale
from nas.training.reference import Reference
from search_spaces import Budget

POINTS = ("complete", "pruned", "reused")
"""States whose trials are points."""


@dataclass(frozen=True)
class Accuracy:
    """All that the figure shows; costs in the unit of ``metric``, top-1 as fractions (or
    the scores of an evaluator), which ``scale`` writes. ``limit`` is the upper limit of
    the first budget on a countable cost; ``size`` says at which image size and classes costs hold."""

    metric: str
    scale: Scale
    size: str
    points: Mapping[str, tuple[Point, ...]]
    infeasible: tuple[float, ...]
    front: tuple[Point, ...]
    base: Point | None
    repeated: tuple[Retrained, ...]
    limit: float | None
    known: tuple[Known, ...]
    beyond: tuple[Known, ...]
    reference: Reference | None
    x_range: tuple[float, float]
    y_range: tuple[float, float]


def compute(study: Study) -> Accuracy:
    """What the figure shows of a study, from its records."""
    definition, records = study.definition, study.records
    budget = next((b for b in map(Budget.parse, definition.budgets) if b.metric in METRICS), None)
    metric, limit = (budget.metric, float(budget.high)) if budget else ("macs", None)
    points = {state: tuple(tables.points(tables.searched(records, state), metric)) for state in POINTS}
    infeasible = tuple(tables.cost(record, metric) for record in tables.searched(records, "infeasible"))
    repeated = tuple(tables.retrained(records, metric))
    bases = tables.points([study.base] if study.base else [], metric)
    low, high = _x_range([point.cost for of_state in points.values() for point in of_state], infeasible, limit)
    known = known_networks(definition.image_size, definition.classes, metric)
    return Accuracy(
        metric=metric,
        scale=definition.scale,
        size=f"at {definition.image_size} px and {definition.classes} classes",
        points=points,
        infeasible=tuple(x for x in infeasible if x <= high),
        front=tuple(pareto_front(records, metric, study.question.goal.sign)),
        base=bases[0] if bases else None,
        repeated=repeated,
        limit=limit,
        known=tuple(network for network in known if low <= network.cost <= high),
        beyond=tuple(network for network in known if not low <= network.cost <= high),
        reference=study.reference,
        x_range=(low, high),
        y_range=_y_range(points, repeated, study.reference, definition.scale),
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
    points: Mapping[str, tuple[Point, ...]],
    repeated: tuple[Retrained, ...],
    reference: Reference | None,
    scale: Scale,
) -> tuple[float, float]:
    pruned = [point.top1 for point in points["pruned"]]
    scores = [point.top1 for state in ("complete", "reused") for point in points[state]]
    scores += [again.mean + side * again.deviation for again in repeated for side in (-1, 1)]
    scores += [reference.top1, reference.low, reference.high] if reference else []
    scores = scores or pruned or [0.0, 1.0]
    low, high = min(scores), max(scores)
    span = high - low
    near = [top1 for top1 in pruned if low - span <= top1 <= high + span]  # far away, they would squeeze the rest
    low, high = min([low, *near]), max([high, *near])
    margin = 0.08 * (high - low) or 0.02 * max(1.0, abs(high))
    least, most = scale.limits
    return max(least, low - 1.6 * margin), min(most, high + margin)
