"""What accuracy against cost shows: every trial by its state, the Pareto front, the base, the budget, the reference,
and what the networks of the space cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from random import Random

from nas.report import tables
from nas.report.figures.known import IMAGENET, Known, Published, known_networks, published
from nas.report.pareto_front import pareto_front
from nas.report.tables import Point, Retrained
from nas.report.trained_families import TrainedFamily, trained_families
from nas.report.trials import Trials
from nas.study import Study
from nas.study.definition import Definition
from nas.text.numbers import METRICS
from nas.text.scores import Scale
from nas.training.reference import Reference
from search_spaces import Architecture, Budget, Space, UserError, cost
from search_spaces.counting.intervals import Z95

AXES = METRICS | {"latency_ms": "latency, ms"}
"""What stands on the axis of costs, by the field of a record."""
FAR = 2.5  # times the dearest training beyond which a budget is only named, so that it does not squeeze the rest
DRAWN = 400  # networks of the space whose costs are shown
BINS = 32
FAMILY_METRICS = ("macs", "params")

POINTS = ("complete", "pruned", "reused")
"""States whose trials are points."""


@dataclass(frozen=True)
class Accuracy:
    """All that the figure shows; costs in the unit of ``metric``, top-1 as fractions (or the scores of an evaluator),
    which ``scale`` writes. ``limit`` is the upper limit of the first budget on this cost, ``far_limit`` instead where
    it lies far to the right of all that was trained, and ``far_reference`` instead of ``reference`` where that lies
    far below; ``size`` says at which image size and classes costs hold. ``band`` is the half width of the 95 %
    interval of one training by the spread between seeds, 0 where that is not known. ``space`` holds (cost, share of
    uniform draws) of equal bins. ``families`` were trained from the base; ``published`` are known networks on the same
    data."""

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
    far_limit: float | None = None
    far_reference: Reference | None = None
    band: float = 0.0
    space: tuple[tuple[float, float], ...] = ()
    families: tuple[TrainedFamily, ...] = ()
    published: tuple[Published, ...] = ()


def compute(study: Study) -> Accuracy:
    """What the figure shows of a study over the cost that its first budget on a countable one limits, else MACs."""
    budgets = map(Budget.parse, study.definition.budgets)
    return over(study, next((budget.metric for budget in budgets if budget.metric in METRICS), "macs"))


def of_latency(study: Study) -> Accuracy | None:
    """The same over latency; None where none was measured."""
    return over(study, "latency_ms") if any(record.latency_ms is not None for record in study.records) else None


def over(study: Study, metric: str) -> Accuracy:
    """What the figure shows over one cost."""
    definition, records = study.definition, study.records
    budget = next((b for b in map(Budget.parse, definition.budgets) if b.metric == metric), None)
    limit = float(budget.high) if budget else None
    points = {state: tuple(tables.points(tables.searched(records, state), metric)) for state in POINTS}
    over_budget = tables.searched(records, "infeasible") if metric in METRICS else []
    infeasible = tuple(tables.cost(record, metric) for record in over_budget)
    repeated = tuple(tables.retrained(records, metric))
    bases = tables.points([study.base] if study.base else [], metric)
    trained = [point.cost for of_state in points.values() for point in of_state]
    is_far = limit is not None and bool(trained) and limit > FAR * max(trained)
    near_limit, far_limit = (None, limit) if is_far else (limit, None)
    low, high = _x_range(trained, infeasible, near_limit)
    known = known_networks(definition.image_size, definition.classes, metric) if metric in METRICS else ()
    is_below = _is_far_below(study.reference, [point.top1 for point in points["complete"]])
    return Accuracy(
        metric=metric,
        scale=definition.scale,
        size=f"at {definition.image_size} px and {definition.classes} classes",
        points=points,
        infeasible=tuple(x for x in infeasible if x <= high),
        front=tuple(pareto_front(records, metric, study.question.goal.sign)),
        base=bases[0] if bases else None,
        repeated=repeated,
        limit=near_limit,
        known=tuple(network for network in known if low <= network.cost <= high),
        beyond=tuple(network for network in known if not low <= network.cost <= high),
        reference=None if is_below else study.reference,
        far_reference=study.reference if is_below else None,
        x_range=(low, high),
        y_range=_y_range(points, repeated, None if is_below else study.reference, definition.scale),
        far_limit=far_limit,
        band=Z95 * sqrt(study.noise.between_seeds or 0.0) if study.noise else 0.0,
        space=_space_costs(study, metric, low, high) if metric in METRICS else (),
        families=trained_families(study) if metric in FAMILY_METRICS else (),
        published=_published(definition, metric, low, high),
    )


def _published(definition: Definition, metric: str, low: float, high: float) -> tuple[Published, ...]:
    """What is published of known networks of these costs on the study's data, at its image size."""
    if metric not in METRICS or definition.data is None or definition.data["name"] != IMAGENET:
        return ()
    return tuple(p for p in published(definition.image_size, definition.classes, metric) if low <= p.cost <= high)


@lru_cache(maxsize=1)
def _draws(space: Space) -> tuple[Architecture, ...]:
    rng = Random(0)
    return tuple(space.decide(space.vector(rng.randrange(space.size))) for _ in range(DRAWN))


def _is_far_below(reference: Reference | None, scores: list[float]) -> bool:
    """Whether a reference would take more of the figure's height than the trainings themselves."""
    return reference is not None and len(scores) > 1 and min(scores) - reference.top1 > max(scores) - min(scores) > 0


def _space_costs(study: Study, metric: str, low: float, high: float) -> tuple[tuple[float, float], ...]:
    """Costs between ``low`` and ``high`` of uniform draws of the space: the middle of each bin, and its share of
    all."""
    space = Trials(study).space
    if space is None:
        return ()
    try:
        networks = _draws(space)
        costs = [float(getattr(cost(network), metric)) for network in networks]
    except UserError:  # a space some of whose networks cannot be
        return ()
    counts = [0] * BINS
    for value in costs:
        if low <= value < high:
            counts[int(BINS * (value - low) / (high - low))] += 1
    width = (high - low) / BINS
    return tuple((low + (place + 0.5) * width, count / DRAWN) for place, count in enumerate(counts))


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
