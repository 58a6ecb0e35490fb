"""NSGA-II whose generations are read off the order of the trials, which a study rebuilt from its log has kept."""

from __future__ import annotations

from optuna import Study
from optuna.samplers import NSGAIISampler
from optuna.trial import FrozenTrial, TrialState

POPULATION = 10  # small, because trainings are dear


class Generations(NSGAIISampler):
    """Every POPULATION complete trials are a generation."""

    def __init__(self, seed: int) -> None:
        super().__init__(population_size=POPULATION, seed=seed)

    def get_trial_generation(self, study: Study, trial: FrozenTrial) -> int:
        return len(_complete(study)) // POPULATION

    def get_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        return _complete(study)[generation * POPULATION : (generation + 1) * POPULATION]


def _complete(study: Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
