"""Are the candidates told apart, or is it the seeds? Two variances, by a one-way random-effects model."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from nas.study.objectives import Objective, value
from nas.study.outcome import Noise
from nas.study.records import Record


def estimate(records: Iterable[Record], objective: Objective | str) -> Noise:
    """The noise of a study, from its records."""
    complete = [record for record in records if record.state == "complete" and record.top1 is not None]
    scores = [value(objective, record) for record in complete if record.replicate == 0]
    groups = [group for group in retrained(complete, partial(value, objective)).values() if len(group) > 1]
    search = statistics.variance(scores) if len(scores) > 1 else None
    seeds = pooled(groups)
    noise = Noise(search, len(scores), seeds, len(groups), sum(map(len, groups)), None, None)
    if search is None or seeds is None:
        return noise
    between = max(0.0, search - seeds)
    return replace(noise, between_candidates=between, resolved=between > seeds)


def _score(record: Record) -> float:
    return float(record.top1 or 0)


def retrained(records: Iterable[Record], number: Callable[[Record], float] = _score) -> dict[int, list[float]]:
    """Scores of completed retrainings by the search trial whose candidate they train again."""
    groups: dict[int, list[float]] = {}
    for record in records:
        if record.state == "complete" and record.source is not None and record.top1 is not None:
            groups.setdefault(record.source, []).append(number(record))
    return groups


def pooled(groups: list[list[float]]) -> float | None:
    """The variance within groups of scores, of all of them together; None where no group has two."""
    freedom = sum(len(group) - 1 for group in groups)
    if freedom == 0:
        return None
    return sum(statistics.variance(group) * (len(group) - 1) for group in groups) / freedom
