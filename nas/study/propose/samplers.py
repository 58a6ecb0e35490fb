"""Who proposes candidates: one table, whose functions are pure in (history, random seed)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nas.study.propose import evolution, optuna_samplers
from nas.study.propose.candidates import Candidate, History

FEW, START = 6, 10  # candidates drawn uniformly within the budgets before a sampler is asked


def uniform(history: History) -> Candidate:
    """An unknown candidate, uniform over what fits the budgets."""
    return history.candidates.uniform("random", history.known, history.rng("uniform"))


@dataclass(frozen=True)
class Sampler:
    """``propose`` gives a candidate (which may be over the budget or known already: then it is recorded, not trained),
    or None where it finds none; ``start`` candidates are drawn uniformly within the budgets before it is asked.
    ``stays_within``: it promises to propose only what is new and within the budgets. ``ranks_several``: it can rank by
    an objective of several numbers. ``prepare`` does, while trainings run, what needs none of their results."""

    propose: Callable[[History], Candidate | None]
    stays_within: bool
    start: int = START
    ranks_several: bool = True
    prepare: Callable[[History], None] | None = None


def predictor(history: History) -> Candidate | None:
    """What a Gaussian process on decisions, rows and costs expects to improve most."""
    from nas.study.propose.predictor import sampler  # SciPy takes a while

    return sampler.predictor(history)


def prepare_predictor(history: History) -> None:
    """What it looks at whatever the results are."""
    from nas.study.propose.predictor import sampler

    sampler.prepare(history)


SAMPLERS: dict[str, Sampler] = {
    "predictor": Sampler(predictor, stays_within=True, start=FEW, ranks_several=False, prepare=prepare_predictor),
    "tpe": Sampler(optuna_samplers.tpe, stays_within=False),
    "nsga2": Sampler(optuna_samplers.nsga2, stays_within=False),
    "evolution": Sampler(evolution.evolution, stays_within=True),
    "local": Sampler(evolution.local, stays_within=True),
    "random": Sampler(uniform, stays_within=True, start=0),
}
"""A new sampler is one function and one line."""
