"""The sampler ``predictor``: the candidate that a Gaussian process expects to improve most on the best so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from math import pi, sqrt
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from nas.machine import one_thread
from nas.study.objectives import objective_of
from nas.study.propose.candidates import Candidate, Candidates, History
from nas.study.propose.predictor.features import Features, Floats, Labels
from nas.study.propose.predictor.gaussian_process import Posterior, fit
from nas.study.propose.predictor.observations import Observations, observed
from nas.study.records import Record
from search_spaces import Space

if TYPE_CHECKING:
    from search_spaces.counting.feasible import Feasible

MIN_OBSERVED = 2
DRAWN = 1_200  # uniform draws within the budgets, beside neighbours and children of the best
PARENTS = 4  # of the best, whose neighbours and children are looked at
KEPT = 100  # of the most promising, which are looked at once more
REFINED = 3  # of these, whose neighbours are looked at, too

features_of = lru_cache(maxsize=8)(Features)


@one_thread()
def predictor(history: History) -> Candidate | None:
    """The unknown candidate within the budgets of the greatest expected improvement on the best posterior mean of what
    was trained; None where too little was trained, or the pool holds none."""
    observations = observed(history.records, objective_of(history.objective))
    if len(observations.records) < MIN_OBSERVED:
        return None
    candidates, space = history.candidates, history.candidates.space
    ranked, posterior = _best_first(candidates, observations, _pool(history, observations))
    pool = _distinct([*ranked[:KEPT], *_neighbours(candidates, ranked[:REFINED])])
    refined, _ = _best_first(candidates, observations, pool, posterior)
    return candidates.first(map(space.decide, refined), "sampler", history.known)


def prepare(history: History) -> None:
    """Draw and look at the uniform part of the next pool before the results are known that its proposal waits for: more
    than half of the proposal's time."""
    features_of(history.candidates.space).matrix(_drawn(history.candidates.feasible, history.seed("draws")))


@lru_cache(maxsize=2)
def _drawn(feasible: Feasible, seed: int) -> Sequence[Labels]:
    return feasible.vectors(Random(seed), DRAWN)


def _pool(history: History, observations: Observations) -> list[Labels]:
    """Uniform draws within the budgets, and neighbours and children of the best."""
    candidates, rng = history.candidates, history.rng("pool")
    order = [observations.records[index] for index in np.argsort(-observations.scores, kind="stable")]
    best = list(filter(candidates.tier.holds, order))[:PARENTS]
    parents = [active_labels(candidates.space, record) for record in best]
    children = [candidates.space.child_labels(one, other, rng) for one, other in combinations(parents, 2)]
    drawn = _drawn(candidates.feasible, history.seed("draws"))
    return _distinct([*drawn, *_neighbours(candidates, parents), *filter(candidates.is_within, children)])


def _neighbours(candidates: Candidates, vectors: Sequence[Labels]) -> Iterator[Labels]:
    for labels in vectors:
        yield from filter(candidates.is_within, candidates.space.neighbour_labels(labels))


def _distinct(vectors: Iterable[Labels]) -> list[Labels]:
    return list({tuple(labels.items()): labels for labels in vectors}.values())


def active_labels(space: Space, record: Record) -> dict[str, str]:
    """The labels of a record's active decisions."""
    labels = record.decisions
    return {decision.name: labels[decision.name] for decision in space.decisions if decision.active(labels)}


def _best_first(
    candidates: Candidates, observations: Observations, vectors: Sequence[Labels], like: Posterior | None = None
) -> tuple[list[Labels], Posterior]:
    """The vectors in the order of their expected improvement on the best that fits the budgets, the greatest first, by
    the posterior of all; ``like`` gives its hyper-parameters."""
    space, everything = candidates.space, (*observations.records, *observations.running)
    trained = [active_labels(space, record) for record in observations.records]
    running = [active_labels(space, record) for record in observations.running]
    rows = features_of(space).matrix([*trained, *running, *vectors])
    known, unknown = rows[: len(trained) + len(running)], rows[len(trained) + len(running) :]
    posterior = _believing(known, observations, like)
    fitting = [index for index, record in enumerate(everything) if candidates.tier.holds(record)]
    means = posterior.at(known)[0]
    improvements = expected_improvement(*posterior.at(unknown), float(means[fitting].max() if fitting else means.min()))
    return [vectors[index] for index in np.argsort(-improvements, kind="stable")], posterior


def _believing(rows: Floats, observations: Observations, like: Posterior | None) -> Posterior:
    """The posterior where what is running comes out as expected (Ginsbourger et al. 2010), so that several trainers
    are not given much the same."""
    trained = len(observations.records)
    posterior = fit(rows[:trained], observations.scores, observations.extra, like)
    if len(rows) == trained:
        return posterior
    expected, _ = posterior.at(rows[trained:])
    extra = np.concatenate([observations.extra, np.zeros(len(rows) - trained)])
    return fit(rows, np.concatenate([observations.scores, expected]), extra, posterior)


def expected_improvement(means: Floats, deviations: Floats, best: float) -> Floats:
    """Jones et al. 1998, eq. 15, for scores to maximise."""
    with np.errstate(divide="ignore", invalid="ignore"):
        normal = (means - best) / deviations
    density = np.exp(-(normal**2) / 2) / sqrt(2 * pi)
    improvements = (means - best) * ndtr(normal) + deviations * density
    return np.where(deviations > 0, improvements, np.maximum(means - best, 0))
