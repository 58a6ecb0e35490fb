"""A study as a database of Optuna's, for optuna-dashboard. It is made from the records and never read here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.storage import layout
from nas.study.records import Record
from search_spaces.files.temporary import beside

if TYPE_CHECKING:
    from nas.study.study import Study

FACTS = ("digest", "macs", "params", "peak_bytes", "latency_ms", "seconds", "seed", "replicate", "origin", "reason")


def write_dashboard(study: Study) -> Path:
    """Write ``study.db`` (SQLite) into the study's folder, anew: one trial of Optuna's for each record, with its
    decisions, scores by epoch, constraints, and costs as user attributes.

    Raises UserError for a study of given networks, which has no decisions.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = study.folder / layout.DASHBOARD
    draft = beside(path)
    categories = {
        decision.name: optuna.distributions.CategoricalDistribution(tuple(decision.labels))
        for decision in study.space().decisions
    }
    try:
        storage = optuna.storages.RDBStorage(f"sqlite:///{draft.resolve()}")
        mirror = optuna.create_study(storage=storage, study_name=study.name, directions=_directions(study))
        mirror.add_trials([_trial(study, record, categories) for record in study.records])
        storage.engine.dispose()
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def _directions(study: Study) -> list[Any]:
    goal = study.question.goal
    return ["maximize"] * goal.size if goal.is_several else [goal.direction]


def _trial(study: Study, record: Record, categories: dict[str, Any]) -> Any:
    from optuna.trial import TrialState, create_trial

    goal = study.question.goal
    states = {"complete": TrialState.COMPLETE, "running": TrialState.RUNNING, "failed": TrialState.FAIL}
    state = states.get(record.state, TrialState.PRUNED)
    values = list(goal.values(record)) if goal.is_several else [goal.sign * goal.value(record)]
    known = {name: label for name, label in record.decisions.items() if name in categories}
    return create_trial(
        state=state,
        values=values if state is TrialState.COMPLETE else None,
        params=known,
        distributions={name: categories[name] for name in known},
        intermediate_values={} if goal.is_several else dict(enumerate(record.top1_by_epoch, start=1)),
        constraints=dict(record.constraints),
        user_attrs={name: getattr(record, name) for name in FACTS if getattr(record, name) is not None},
    )
