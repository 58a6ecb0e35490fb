"""What a study's records say to a predictor: scores with the noise that each has, and trainings that still run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nas.study.objectives import Objective
from nas.study.propose.predictor.features import Floats
from nas.study.records import Record

PRIOR_WEIGHT = 2.0  # trainings that the prior of an extrapolation counts for
FAR_BELOW = 4.0  # deviations of the better half below the median, where a score is cut: how bad hardly matters


@dataclass(frozen=True)
class Observations:
    """Trained records with numbers to maximise, ``scores`` (n,), and the variance ``extra`` (n,) that each has beside
    the noise of a whole training; records that are ``running``."""

    records: tuple[Record, ...]
    scores: Floats
    extra: Floats
    running: tuple[Record, ...] = ()


def observed(records: Sequence[Record], goal: Objective) -> Observations:
    """Whole trainings, retrainings among them, at their scores; those that were cut short at what they would have come
    to, as the whole ones tell. Other records, reused scores among them, say nothing new."""
    whole = [r for r in records if r.state == "complete" and math.isfinite(goal.value(r))]
    cut = [r for r in records if r.state == "pruned" and r.top1_by_epoch]
    expected = [(record, *_extrapolated(record, whole, cut, goal)) for record in cut] if whole else []
    scores = np.array([*(goal.value(r) for r in whole), *(score for _, score, _ in expected)], dtype=float)
    extra = np.array([*(0.0 for _ in whole), *(variance for *_, variance in expected)], dtype=float)
    running = tuple(r for r in records if r.state == "running" and r.replicate == 0)
    return Observations((*whole, *(record for record, *_ in expected)), _without_outliers(scores), extra, running)


def _extrapolated(
    record: Record, whole: Iterable[Record], cut: Iterable[Record], goal: Objective
) -> tuple[float, float]:
    """The score that a record cut after an epoch would have come to, and the variance of that: a line from what was
    known at that epoch to the last, by least squares with a prior of slope 1."""
    epoch = len(record.top1_by_epoch)
    known = [r for r in whole if len(r.top1_by_epoch) >= epoch]
    if not known:
        known = list(whole)
    signals = _signals([*known, *(r for r in cut if len(r.top1_by_epoch) >= epoch), record], epoch, goal)
    then, last = signals[: len(known)], np.array([goal.value(r) for r in known])
    spread = float(signals.var()) or 1.0
    apart, risen = then - then.mean(), last - last.mean()
    slope = (apart @ risen + PRIOR_WEIGHT * spread) / (apart @ apart + PRIOR_WEIGHT * spread)
    missed = float(((risen - slope * apart) ** 2).sum())
    variance = (missed + PRIOR_WEIGHT * spread) / (len(known) + PRIOR_WEIGHT)
    return float(last.mean() + slope * (signals[-1] - then.mean())), variance


def _signals(records: Sequence[Record], epoch: int, goal: Objective) -> Floats:
    """What is known of each record after an epoch: its score then."""
    return np.array([goal.curve(r.top1_by_epoch)[min(epoch, len(r.top1_by_epoch)) - 1] for r in records])


def _without_outliers(scores: Floats) -> Floats:
    """The scores, cut from below: a training that collapsed would else stretch the scale of all others."""
    if not len(scores):
        return scores
    middle, high = np.quantile(scores, (0.5, 0.84))
    return np.maximum(scores, middle - FAR_BELOW * (high - middle)) if high > middle else scores
