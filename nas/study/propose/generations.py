"""NSGA-II whose generations are read off the order of the trials, which a study rebuilt from its log has kept."""

from __future__ import annotations

from optuna import Study
from optuna.samplers import NSGAIISampler
from optuna.trial import FrozenTrial, TrialState

POPULATION = 10  # small, because trainings are dear

Parents = dict[tuple[int, ...], list[FrozenTrial]]
"""The parents that each sequence of complete trials, by number, has left."""


class Generations(NSGAIISampler):
    """Every POPULATION complete trials are a generation. What is chosen as ``parents`` of a generation is written down
    there, for the next proposals."""

    def __init__(self, seed: int, parents: Parents) -> None:
        super().__init__(population_size=POPULATION, seed=seed)
        self._parents = parents

    def get_trial_generation(self, study: Study, trial: FrozenTrial) -> int:
        return len(_complete(study)) // POPULATION

    def get_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        return _complete(study)[generation * POPULATION : (generation + 1) * POPULATION]

    def get_parent_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        parents: list[FrozenTrial] = []
        numbers = [trial.number for trial in _complete(study)]
        for earlier in range(1, generation + 1):  # from the first on, so that the next finds the one before
            key = tuple(numbers[: earlier * POPULATION])
            if key not in self._parents:
                self._parents[key] = self.select_parent(study, earlier)
            parents = self._parents[key]
        return parents


def _complete(study: Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
