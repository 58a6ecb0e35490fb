"""Samplers of our own, which never leave the budgets: regularised evolution and local search.

Each is a pure function of (history, generator); candidates come from :class:`nas.study.propose.candidates.Candidates`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from nas.study.objective import ranked
from nas.study.propose.candidates import Candidate, Candidates
from nas.study.records import Record

POPULATION = 20  # the youngest trainings
TOURNAMENT = 5  # of these, drawn for each parent
CROSSED = 0.5  # share of proposals with two parents

Known = Callable[[str], object]


def evolution(
    candidates: Candidates, records: Sequence[Record], objective: str, known: Known, rng: Random
) -> Candidate | None:
    """An unknown mutant or child of the best of some of the youngest (Real et al. 2019, alg. 1, there with mutation
    alone), or None where there is none within the budgets."""
    population = ranked(records, objective)
    youngest = {r.trial for r in sorted(population, key=lambda r: r.trial)[-POPULATION:]}
    population = [r for r in population if r.trial in youngest]  # best first
    if not population:
        return None
    one = _parent(candidates, population, rng)
    if rng.random() < CROSSED:
        child = candidates.child(one, _parent(candidates, population, rng), known, rng)
        if child is not None:
            return child
    return candidates.neighbour(one, known, rng)


def local(
    candidates: Candidates, records: Sequence[Record], objective: str, known: Known, rng: Random
) -> Candidate | None:
    """An unknown neighbour of the best that still has one within the budgets, or None."""
    near = (candidates.neighbour(_trained(candidates, r), known, rng) for r in ranked(records, objective))
    return next((found for found in near if found is not None), None)


OWN = {"evolution": evolution, "local": local}


def _parent(candidates: Candidates, population: Sequence[Record], rng: Random) -> Candidate:
    """The best of a tournament; ``population`` is in order, best first."""
    drawn = rng.sample(range(len(population)), min(TOURNAMENT, len(population)))
    return _trained(candidates, population[min(drawn)])


def _trained(candidates: Candidates, record: Record) -> Candidate:
    return candidates.decided(record.decisions, "sampler")
