"""Optuna, and only here: one proposal as a pure function of (history, random seed).

The history is rebuilt into a study in memory for each proposal, and the sampler is made anew with a seed of
its own, so that a resumed study proposes what an uninterrupted one would have. Every decision is always
suggested, as a categorical of its labels under a fixed name, so that the joint sampler stays joint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nas.study.objectives import Objective, objective_of, value
from nas.study.propose.candidates import Candidate, History
from nas.study.records import Record

if TYPE_CHECKING:
    import optuna

SHOWN = ("complete", "pruned", "infeasible", "running")  # states of records that Optuna is shown

Labels = Mapping[str, Sequence[str]]


def tpe(history: History) -> Candidate:
    """Multivariate tree-structured Parzen estimator (Optuna 5)."""
    return _candidate(history, ask_tpe)


def nsga2(history: History) -> Candidate:
    """NSGA-II (Deb et al. 2002)."""
    return _candidate(history, ask_nsga2)


def ask_tpe(decisions: Labels, records: Iterable[Record], objective: Objective | str, seed: int) -> dict[str, str]:
    """Propose one label for each decision from what is known so far, by TPE."""
    from optuna.samplers import TPESampler

    return _ask(decisions, _shown(records), objective, TPESampler(seed=seed, n_startup_trials=0))


def ask_nsga2(decisions: Labels, records: Iterable[Record], objective: Objective | str, seed: int) -> dict[str, str]:
    """Propose one label for each decision from what is known so far, by NSGA-II."""
    from nas.study.propose.generations import Generations

    return _ask(decisions, _shown(records), objective, Generations(seed))


def _candidate(history: History, ask: Callable[..., dict[str, str]]) -> Candidate:
    labels = {decision.name: decision.labels for decision in history.candidates.space.decisions}
    seed = history.seed(history.sampler)
    return history.candidates.decided(ask(labels, history.records, history.objective, seed), "sampler")


def _ask(
    decisions: Labels,
    records: Iterable[Record],
    objective: Objective | str,
    sampler: optuna.samplers.BaseSampler,
) -> dict[str, str]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    categories: dict[str, Any] = {
        name: optuna.distributions.CategoricalDistribution(tuple(labels)) for name, labels in decisions.items()
    }
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.add_trials([_trial(r, categories, objective) for r in records])
    return dict(study.ask(categories).params)


def _shown(records: Iterable[Record]) -> list[Record]:
    return [r for r in records if r.replicate == 0 and r.state in SHOWN and r.source is None]


def _trial(record: Record, categories: Mapping[str, Any], objective: Objective | str) -> optuna.trial.FrozenTrial:
    """A record as Optuna's finished or running trial; over-budget ones are pruned ones with their
    constraints."""
    from optuna.trial import TrialState, create_trial

    states = {"complete": TrialState.COMPLETE, "running": TrialState.RUNNING}
    curve = objective_of(objective).curve(record.top1_by_epoch)
    return create_trial(
        state=states.get(record.state, TrialState.PRUNED),
        value=value(objective, record) if record.state == "complete" else None,
        params={name: record.decisions[name] for name in categories},
        distributions=dict(categories),
        intermediate_values=dict(enumerate(curve, start=1)) if record.state == "pruned" else {},
        constraints=dict(record.constraints),
    )
