"""How much each decision matters for being among the best, by PED-ANOVA (Watanabe et al. 2023)."""

from __future__ import annotations

from collections.abc import Sequence

from nas.study.objectives import Objective
from nas.study.records import Record

MIN_TRAINED = 16  # complete trainings below which the share of the best is two or less
MAX_TRAINED = 400  # of them that are looked at, evenly spaced, so that a study of any length takes a second
BEST = 0.25  # share of the trainings that counts as the best


def importance(records: Sequence[Record], goal: Objective) -> dict[str, float]:
    """The share of each decision, summing to 1, the greatest first; none where too little was trained to tell.

    It compares how the labels of the best quarter are spread with those of all complete trainings; labels of inactive
    decisions count as proposed. It says that a decision matters, not which way.
    """
    complete = [r for r in records if r.replicate == 0 and r.state == "complete" and r.top1 is not None]
    complete = complete[:: -(-len(complete) // MAX_TRAINED) or 1]
    names = [name for name in (complete[0].decisions if complete else {}) if _varies(complete, name)]
    if len(complete) < MIN_TRAINED or not names:
        return {}
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution
    from optuna.importance import PedAnovaImportanceEvaluator

    labels: dict[str, BaseDistribution] = {
        name: CategoricalDistribution(sorted({r.decisions[name] for r in complete})) for name in names
    }
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(direction="maximize")
        study.add_trials(
            optuna.trial.create_trial(
                value=goal.value(record),
                params={name: record.decisions[name] for name in names},
                distributions=labels,
            )
            for record in complete
        )
        shares = PedAnovaImportanceEvaluator(target_quantile=BEST).evaluate(study)
    finally:
        optuna.logging.set_verbosity(verbosity)
    total = sum(shares.values()) or 1.0
    return {name: share / total for name, share in sorted(shares.items(), key=lambda item: -item[1])}


def _varies(records: Sequence[Record], name: str) -> bool:
    return all(name in r.decisions for r in records) and len({r.decisions[name] for r in records}) > 1
