"""Optuna, and only here: one proposal as a pure function of (history, seed).

The history is rebuilt into a study in memory for each proposal, and the sampler is made anew with a seed of
its own, so that a resumed study proposes what an uninterrupted one would have. Every decision is always
suggested, as a categorical of its labels under a fixed name, so that the joint sampler stays joint.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nas.study.objective import value
from nas.study.records import Record

if TYPE_CHECKING:
    import optuna

SAMPLERS = ("tpe", "nsga2", "evolution", "local", "random")
START = 10  # candidates drawn uniformly within the budgets before a sampler is asked
POPULATION = 10  # of NSGA-II: small, because trainings are dear
TOLD = ("complete", "pruned", "infeasible", "running")


def ask(
    decisions: Mapping[str, Sequence[str]], records: Iterable[Record], objective: str, seed: int, sampler: str = "tpe"
) -> dict[str, str]:
    """Propose one label for each decision from what is known so far, by multivariate TPE (Optuna 5) or by NSGA-II
    (Deb et al. 2002)."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    categories: dict[str, Any] = {
        n: optuna.distributions.CategoricalDistribution(tuple(ls)) for n, ls in decisions.items()
    }
    study = optuna.create_study(direction="maximize", sampler=_sampler(sampler, seed))
    told = [r for r in records if _is_told(r)]
    generations = _generations(told) if sampler == "nsga2" else {}
    study.add_trials([_told(r, categories, objective, generations.get(r.trial)) for r in told])
    return dict(study.ask(categories).params)


def _sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    from optuna.samplers import NSGAIISampler, TPESampler

    if name == "nsga2":
        return NSGAIISampler(population_size=POPULATION, seed=seed)
    return TPESampler(seed=seed, n_startup_trials=0)


def _generations(records: Iterable[Record]) -> dict[int, dict[str, int]]:
    """What NSGA-II notes beside each complete trial: its generation, by order."""
    from optuna.samplers import NSGAIISampler

    key = NSGAIISampler._get_generation_key()
    complete = [r.trial for r in records if r.state == "complete"]
    return {trial: {key: index // POPULATION} for index, trial in enumerate(complete)}


def _is_told(record: Record) -> bool:
    return record.replicate == 0 and record.state in TOLD and record.source is None


def _told(
    record: Record, categories: Mapping[str, Any], objective: str, noted: dict[str, int] | None
) -> optuna.trial.FrozenTrial:
    """A record as Optuna's finished or running trial; over-budget ones are pruned ones with their
    constraints."""
    from optuna.trial import TrialState, create_trial

    states = {"complete": TrialState.COMPLETE, "running": TrialState.RUNNING}
    return create_trial(
        state=states.get(record.state, TrialState.PRUNED),
        value=value(objective, record) if record.state == "complete" else None,
        params={name: record.decisions[name] for name in categories},
        distributions=dict(categories),
        intermediate_values=dict(enumerate(record.top1_by_epoch, start=1)) if record.state == "pruned" else {},
        constraints=dict(record.constraints),
        system_attrs=noted,
    )
