"""Are the candidates told apart, or is it the seeds? Two variances, by a one-way random-effects model."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from nas.study.records import Record


@dataclass(frozen=True)
class Noise:
    """Variances of top-1 (fractions squared), each with what it was estimated from; None where it cannot be.

    ``search_variance``: of the ``candidates`` completed search trials, one seed each, so it holds both
    sources. ``between_seeds``: pooled within the ``retrained`` candidates over their ``seeds`` retrainings
    alone (replicate ≥ 1); the search score of a retrained candidate is left out, because it was selected for
    being high. ``between_candidates``: the first minus the second, at least 0. ``resolved``: it exceeds
    ``between_seeds``.
    """

    search_variance: float | None
    candidates: int
    between_seeds: float | None
    retrained: int
    seeds: int
    between_candidates: float | None
    resolved: bool | None

    def to_data(self) -> dict[str, Any]:
        return asdict(self)


def estimate(records: Iterable[Record]) -> Noise:
    """The noise of a study, from its records."""
    complete = [r for r in records if r.state == "complete" and r.top1 is not None]
    scores = [r.top1 for r in complete if r.replicate == 0 and r.top1 is not None]
    groups = [group for group in retrained(complete).values() if len(group) > 1]
    search = statistics.variance(scores) if len(scores) > 1 else None
    seeds = _pooled(groups)
    own = Noise(search, len(scores), seeds, len(groups), sum(map(len, groups)), None, None)
    if search is None or seeds is None:
        return own
    between = max(0.0, search - seeds)
    return replace(own, between_candidates=between, resolved=between > seeds)


def retrained(records: Iterable[Record]) -> dict[int, list[float]]:
    """Scores of completed retrainings by the search trial whose candidate they train again."""
    groups: dict[int, list[float]] = {}
    for record in records:
        if record.state == "complete" and record.source is not None and record.top1 is not None:
            groups.setdefault(record.source, []).append(record.top1)
    return groups


def _pooled(groups: list[list[float]]) -> float | None:
    freedom = sum(len(group) - 1 for group in groups)
    if freedom == 0:
        return None
    return sum(statistics.variance(group) * (len(group) - 1) for group in groups) / freedom
