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

SAMPLERS = ("tpe", "random")
START = {"tpe": 10}  # candidates drawn uniformly within the budget before the sampler is asked; random: all
TOLD = ("complete", "pruned", "infeasible", "running")


def ask(decisions: Mapping[str, Sequence[str]], records: Iterable[Record], objective: str, seed: int) -> dict[str, str]:
    """Propose one label for each decision by multivariate TPE (Optuna 5) from what is known so far."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    categories: dict[str, Any] = {
        n: optuna.distributions.CategoricalDistribution(tuple(ls)) for n, ls in decisions.items()
    }
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=0))
    study.add_trials([_told(r, categories, objective) for r in records if _is_told(r)])
    return dict(study.ask(categories).params)


def _is_told(record: Record) -> bool:
    return record.replicate == 0 and record.state in TOLD and record.source is None


def _told(record: Record, categories: Mapping[str, Any], objective: str) -> optuna.trial.FrozenTrial:
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
    )
