"""Optuna, and only here: one proposal as a pure function of (history, random seed).

The sampler is made anew for each proposal with a seed of its own, so that a resumed study proposes what an
uninterrupted one would have; only the trials that it is shown are kept from one proposal to the next, because making
them takes most of the time. Every decision is always suggested, as a categorical of its labels under a fixed name, so
that the joint sampler stays joint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from nas.study.objectives import Objective, objective_of
from nas.study.propose.candidates import ALL, Candidate, Candidates, History
from nas.study.records import Record

SHOWN = ("complete", "pruned", "infeasible", "running")  # states of records that Optuna is shown

Labels = Mapping[str, Sequence[str]]


def tpe(history: History) -> Candidate:
    """Multivariate tree-structured Parzen estimator (Optuna 5)."""
    return history.candidates.decided(_past(history).ask_tpe(history.records, _seed(history)), "sampler")


def nsga2(history: History) -> Candidate:
    """NSGA-II (Deb et al. 2002)."""
    return history.candidates.decided(_past(history).ask_nsga2(history.records, _seed(history)), "sampler")


def _seed(history: History) -> int:
    return history.seed(history.sampler)


_pasts: WeakKeyDictionary[Candidates, Past] = WeakKeyDictionary()


def _past(history: History) -> Past:
    """What the samplers of this study have been shown."""
    goal, past = objective_of(history.objective), _pasts.get(history.candidates)
    if past is None or past.objective != goal:
        candidates = history.candidates
        violations = None if candidates.tier == ALL else candidates.violations
        past = Past({d.name: d.labels for d in candidates.space.decisions}, goal, violations)
        _pasts[history.candidates] = past
    return past


class Past:
    """The records of a study as Optuna's trials, each made once; a proposal is the same as from a study of Optuna's
    that is made anew from the records. ``violations`` says how far a record passes each budget, where these are not
    those that it was proposed for."""

    def __init__(
        self,
        decisions: Labels,
        objective: Objective | str,
        violations: Callable[[Record], Mapping[str, float]] | None = None,
    ) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.objective = objective_of(objective)
        self._violations = violations or (lambda record: record.constraints)
        self._categories: dict[str, Any] = {
            name: optuna.distributions.CategoricalDistribution(tuple(labels)) for name, labels in decisions.items()
        }
        self._trials: dict[int, tuple[Record, optuna.trial.FrozenTrial | None]] = {}
        self._indices: dict[int, Any] = {}
        self._parents: dict[tuple[int, ...], list[optuna.trial.FrozenTrial]] = {}

    def ask_tpe(self, records: Iterable[Record], seed: int) -> dict[str, str]:
        """Propose one label for each decision from what is known so far, by TPE."""
        from nas.study.propose.parzen import Parzen

        return self._ask(records, Parzen(seed, tuple(self._categories), self._indices))

    def ask_nsga2(self, records: Iterable[Record], seed: int) -> dict[str, str]:
        """Propose one label for each decision from what is known so far, by NSGA-II."""
        from nas.study.propose.generations import Generations

        return self._ask(records, Generations(seed, self._parents))

    def _ask(self, records: Iterable[Record], sampler: Any) -> dict[str, str]:
        """What ``study.ask(categories)`` does, of a trial that no study keeps."""
        import optuna

        from nas.study.propose.optuna_storage import Shown

        trials = self._shown(records)
        study = Shown(trials, self.objective.size).study(sampler)
        number = max((trial.number for trial in trials), default=-1) + 1
        trial = _frozen(number, optuna.trial.TrialState.RUNNING)
        sampler.before_trial(study, trial)
        joint = sampler.sample_relative(study, trial, self._joint_space(trials))
        proposal: dict[str, str] = {}
        for name, categories in self._categories.items():
            if categories.single():
                proposal[name] = categories.choices[0]
            elif name in joint:
                proposal[name] = joint[name]
            else:
                proposal[name] = sampler.sample_independent(study, trial, name, categories)
        return proposal

    def _shown(self, records: Iterable[Record]) -> list[Any]:
        """The records that Optuna is shown, as its trials; each is looked at again only when it has changed."""
        trials = []
        for record in records:
            known = self._trials.get(record.trial)
            if known is None or known[0] is not record:
                known = self._trials[record.trial] = record, self._trial(record) if self._is_shown(record) else None
            if known[1] is not None:
                trials.append(known[1])
        return trials

    def _is_shown(self, record: Record) -> bool:
        """What was refused for a smaller budget than the one that is asked for now has nothing to say."""
        if record.replicate > 0 or record.source is not None:
            return False
        if record.state == "infeasible":
            return any(violation > 0 for violation in self._violations(record).values())
        return record.state in SHOWN

    def _joint_space(self, trials: Iterable[Any]) -> dict[str, Any]:
        """The decisions that are proposed together, as Optuna infers them from trials that ended, which have all of
        them."""
        if not any(trial.state.is_finished() for trial in trials):
            return {}
        return {
            name: self._categories[name] for name in sorted(self._categories) if not self._categories[name].single()
        }

    def _trial(self, record: Record) -> Any:
        """A record as Optuna's finished or running trial; over-budget ones are pruned ones with their constraints."""
        import numpy
        from optuna.trial import TrialState

        states = {"complete": TrialState.COMPLETE, "running": TrialState.RUNNING}
        curve = self.objective.curve(record) if record.state == "pruned" else ()
        indices = [c.choices.index(record.decisions[name]) for name, c in self._categories.items()]
        self._indices[record.trial] = numpy.array(indices)
        return _frozen(
            record.trial,
            states.get(record.state, TrialState.PRUNED),
            values=self.objective.values(record) if record.state == "complete" else None,
            params={name: record.decisions[name] for name in self._categories},
            distributions=self._categories,
            intermediate_values=dict(enumerate(curve, start=1)),
            constraints=self._violations(record),
        )


def _frozen(number: int, state: Any, *, constraints: Mapping[str, float] | None = None, **content: Any) -> Any:
    """A trial of Optuna's as it is: ``create_trial`` compares every distribution with its earlier forms, which takes
    most of a proposal's time."""
    from nas.study.propose.optuna_storage import ShownTrial

    nothing: dict[str, Any] = {"params": {}, "distributions": {}, "intermediate_values": {}}
    trial = ShownTrial(
        number=number,
        trial_id=number,
        state=state,
        value=None,
        datetime_start=None,
        datetime_complete=None,
        user_attrs={},
        system_attrs={},
        **{**nothing, **content},
    )
    for budget, violation in (constraints or {}).items():
        trial.set_constraint(budget, violation)
    return trial
