"""How much each decision matters for being among the best, by PED-ANOVA (Watanabe et al. 2023)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from nas.study.objectives import Objective
from nas.study.records import Record

MIN_TRAINED = 16  # complete trainings below which the share of the best is two or less
BEST = 0.25  # share of the trainings that counts as the best
PRIOR = 1.0  # trainings that a uniform prior of the labels counts for


def importance(records: Sequence[Record], goal: Objective) -> dict[str, float]:
    """The share of each decision, summing to 1, the greatest first; none where too little was trained to tell.

    It compares how the labels of the best quarter are spread with those of all complete trainings; labels of inactive
    decisions count as proposed. It says that a decision matters, not which way. The numbers are those of Optuna's
    evaluator, which takes seconds to be imported.
    """
    complete = [r for r in records if r.replicate == 0 and r.state == "complete" and r.top1 is not None]
    names = [name for name in (complete[0].decisions if complete else {}) if _varies(complete, name)]
    if len(complete) < MIN_TRAINED or not names:
        return {}
    values = np.array([goal.value(record) for record in complete])
    least = np.sort(values)[-math.ceil(BEST * len(values))]
    best = [record for record, value in zip(complete, values, strict=True) if value >= least]
    shares = {
        name: _divergence([r.decisions[name] for r in best], [r.decisions[name] for r in complete]) for name in names
    }
    total = sum(shares.values()) or 1.0
    return {name: share / total for name, share in sorted(shares.items(), key=lambda item: -item[1])}


def _divergence(best: Sequence[str], everywhere: Sequence[str]) -> float:
    """Pearson's divergence of the labels of the best from those of all, by Parzen estimates of both."""
    labels = sorted(set(everywhere))
    top, whole = (_density(sample, labels) for sample in (best, everywhere))
    return float(whole @ (top / whole - 1) ** 2)


def _density(sample: Sequence[str], labels: Sequence[str]) -> np.ndarray:
    """The share of each label, by a Parzen estimator: each label that was seen is a kernel, smoothed over all labels by
    the prior, which is one more kernel."""
    counts = np.array([Counter(sample)[label] for label in labels], dtype=float)
    smoothing = PRIOR / (np.count_nonzero(counts) + 1)
    seen = (counts + len(sample) * smoothing) / (1 + len(labels) * smoothing)
    return np.asarray((seen + PRIOR / len(labels)) / (len(sample) + PRIOR))


def _varies(records: Sequence[Record], name: str) -> bool:
    return all(name in r.decisions for r in records) and len({r.decisions[name] for r in records}) > 1
