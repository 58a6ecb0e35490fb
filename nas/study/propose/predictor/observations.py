"""What a study's records say to a predictor: scores with the noise that each has, and trainings that still run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas.study.curves import signals
from nas.study.objectives import Objective
from nas.study.propose.predictor.features import Floats
from nas.study.records import Record

MIN_FOR_EFFECTS = 8  # trainings below which nothing is said of decisions
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
    to, as the whole ones tell. Without any whole one, what is known of all at the first epoch that one of them was
    stopped at. Other records, reused scores among them, say nothing new."""
    whole = [r for r in records if r.state == "complete" and math.isfinite(goal.value(r))]
    cut = [r for r in goal.maximised(records) if r.state == "pruned" and r.top1_by_epoch]
    running = tuple(r for r in records if r.state == "running" and r.replicate == 0)
    if not whole:
        numbers = signals(cut, min((r.epochs for r in cut), default=0)) if cut else []
        return Observations(tuple(cut), _without_outliers(np.array(numbers)), np.zeros(len(cut)), running)
    known = np.array([goal.value(r) for r in whole])
    maximised = list(goal.maximised(whole))
    lines = {epoch: _extrapolated(epoch, maximised, known, cut) for epoch in {len(r.top1_by_epoch) for r in cut}}
    expected = [(lines[epoch][0][r.trial], lines[epoch][1]) for r in cut if (epoch := len(r.top1_by_epoch))]
    scores = np.array([*known, *(score for score, _ in expected)])
    extra = np.array([*(0.0 for _ in whole), *(variance for _, variance in expected)])
    return Observations((*whole, *cut), _without_outliers(scores), extra, running)


def _extrapolated(
    epoch: int, whole: Sequence[Record], scores: Floats, cut: Sequence[Record]
) -> tuple[dict[int, float], float]:
    """The scores that records cut after ``epoch`` or later would have come to from there, by trial, and the variance of
    each: a line from what was known at that epoch to the ``scores`` of the whole ones, by least squares with a prior of
    slope 1 (in deviations of the scores at that epoch)."""
    as_long = np.array([len(r.top1_by_epoch) >= epoch for r in whole])
    known, ended = [r for r, long in zip(whole, as_long, strict=True) if long], scores[as_long]
    others = [r for r in cut if len(r.top1_by_epoch) >= epoch]
    if not known:
        return dict.fromkeys((r.trial for r in others), float(scores.mean())), float(scores.var()) or 1.0
    there = [*known, *others]
    spread = float(np.std([r.top1_by_epoch[epoch - 1] for r in there])) or 1.0
    then = _normal(np.array(signals(there, epoch))) * spread
    mean = then[: len(known)].mean()
    apart, risen = then[: len(known)] - mean, ended - ended.mean()
    prior = PRIOR_WEIGHT * spread**2
    slope = (apart @ risen + prior) / (apart @ apart + prior)
    variance = (float(((risen - slope * apart) ** 2).sum()) + prior) / (len(known) + PRIOR_WEIGHT)
    risen_to = {
        r.trial: float(ended.mean() + slope * (x - mean)) for r, x in zip(others, then[len(known) :], strict=True)
    }
    return risen_to, variance


def _normal(numbers: Floats) -> Floats:
    deviation = numbers.std()
    return np.asarray((numbers - numbers.mean()) / deviation) if deviation else numbers - numbers.mean()


def _without_outliers(scores: Floats) -> Floats:
    """The scores, cut from below: a training that collapsed would else stretch the scale of all others."""
    if not len(scores):
        return scores
    middle, high = np.quantile(scores, (0.5, 0.84))
    return np.maximum(scores, middle - FAR_BELOW * (high - middle)) if high > middle else scores
