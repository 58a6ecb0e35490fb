"""Samplers that never leave the budgets: regularised evolution and local search."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from random import Random
from weakref import WeakKeyDictionary

from nas.study.objectives import ranked
from nas.study.propose.candidates import Candidate, Candidates, History
from nas.study.records import Record

POPULATION = 20  # the youngest trainings
TOURNAMENT = 5  # of these, drawn for each parent
CROSSOVER = 0.5  # share of proposals with two parents


def evolution(history: History) -> Candidate | None:
    """An unknown mutant or child of the best of some of the youngest (Real et al. 2019, alg. 1, there with mutation
    alone), or None where there is none within the budgets."""
    candidates, rng = history.candidates, history.rng(history.sampler)
    complete = (r for r in reversed(history.within) if r.state == "complete" and r.replicate == 0)
    population = ranked(islice(complete, POPULATION), history.objective)
    if not population:
        return None
    parent = _parent(candidates, population, rng)
    if rng.random() < CROSSOVER:
        child = candidates.child(parent, _parent(candidates, population, rng), history.known, rng)
        if child is not None:
            return child
    return candidates.neighbour(parent, history.known, rng)


def local(history: History) -> Candidate | None:
    """An unknown neighbour of the best that still has one within the budgets, or None."""
    candidates = history.candidates
    exhausted = _exhausted.setdefault(candidates, set())
    for record in ranked(history.within, history.objective):
        if record.trial not in exhausted:
            rng = history.rng(f"{history.sampler} {record.trial}")
            neighbour = candidates.neighbour(_trained(candidates, record), history.known, rng)
            if neighbour is not None:
                return neighbour
            if candidates.latencies is None:  # what could not be measured steadily may fit another time
                exhausted.add(record.trial)
    return None


_exhausted: WeakKeyDictionary[Candidates, set[int]] = WeakKeyDictionary()
"""Trials without an unknown neighbour within the budgets: none becomes unknown again."""


def _parent(candidates: Candidates, population: Sequence[Record], rng: Random) -> Candidate:
    """The best of a tournament; ``population`` is in order, best first."""
    drawn = rng.sample(range(len(population)), min(TOURNAMENT, len(population)))
    return _trained(candidates, population[min(drawn)])


def _trained(candidates: Candidates, record: Record) -> Candidate:
    return candidates.decided(record.decisions, "sampler")
