"""Which decisions pay: what the predictor expects of one label of a decision against another, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from nas.machine import one_thread
from nas.study.objectives import Objective
from nas.study.propose.predictor.features import Labels
from nas.study.propose.predictor.gaussian_process import fit
from nas.study.propose.predictor.observations import MIN_FOR_EFFECTS, Observations, observed
from nas.study.propose.predictor.sampler import active_labels, features_of
from nas.study.records import Record
from search_spaces import Space
from search_spaces.counting.intervals import Z95
from search_spaces.space.decisions import Decision

MAX_OBSERVED = 600  # that the model is fitted to, so that a study of any length takes a second or two
DRAWN = 60  # networks that a decision is changed in
MIN_ACTIVE = 5  # of these, that must have the decision


@dataclass(frozen=True)
class Effect:
    """The ``gain`` of the ``best`` label of a decision over the ``worst``, in the objective's own unit, all else as it
    is in uniform draws of the space and whatever it costs, with its 95 % interval ``low`` to ``high``."""

    decision: str
    best: str
    worst: str
    gain: float
    low: float
    high: float


@one_thread()
def effects(space: Space, records: Sequence[Record], goal: Objective) -> list[Effect]:
    """The effect of every decision, the surest gain first; none where too little was trained to tell.

    The partial dependence (Friedman 2001, sec. 8.2) of the posterior mean; the interval is that of the posterior of the
    difference, so that it holds for the two labels that are named as if they had been named before.
    """
    observations = _spread(observed(records, goal))
    if len(observations.records) < MIN_FOR_EFFECTS:
        return []
    rng = Random(0)
    draws = [space.vector(rng.randrange(space.size)) for _ in range(DRAWN)]
    trained = [active_labels(space, record) for record in observations.records]
    changed = {d.name: _changed(space, d, draws) for d in space.decisions if len(d.labels) > 1}
    vectors = [*trained, *(vector for sets in changed.values() for one in sets.values() for vector in one)]
    rows = features_of(space).matrix(vectors)
    posterior = fit(rows[: len(trained)], observations.scores, observations.extra)
    results, place = [], len(trained)
    for name, sets in changed.items():
        count = len(next(iter(sets.values()), ()))
        blocks = {label: rows[place + i * count : place + (i + 1) * count] for i, label in enumerate(sets)}
        place += count * len(sets)
        if count >= MIN_ACTIVE:
            means = {label: float(posterior.mean_at(block).mean()) for label, block in blocks.items()}
            best, worst = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
            weights = np.repeat([1.0 / count, -1.0 / count], count)
            gain, deviation = posterior.contrast(np.vstack([blocks[best], blocks[worst]]), weights)
            span = Z95 * deviation
            results.append(Effect(name, best, worst, gain, gain - span, gain + span))
    return sorted(results, key=lambda effect: -effect.low)


def _spread(observations: Observations) -> Observations:
    """The observations, or MAX_OBSERVED of them at even distances."""
    step = -(-len(observations.records) // MAX_OBSERVED) or 1
    kept = {name: getattr(observations, name)[::step] for name in ("records", "scores", "extra")}
    return replace(observations, **kept)


def _changed(space: Space, decision: Decision, draws: Sequence[Labels]) -> dict[str, list[Labels]]:
    """The draws that have the decision, with each of its labels."""
    active = [labels for labels in draws if decision.name in labels]
    return {
        label: [d if d[decision.name] == label else space.changed(d, decision.name, label) for d in active]
        for label in decision.labels
    }
