"""TPE of categorical decisions: Optuna's proposals in a fraction of its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]


class Parzen(TPESampler):
    """Multivariate TPE. ``indices`` gives for each trial, by its number, the index of its choice in each decision of
    ``names``; looking them up again for every proposal takes half of its time."""

    def __init__(self, seed: int, names: Sequence[str], indices: Mapping[int, Indices]) -> None:
        super().__init__(seed=seed, n_startup_trials=0, multivariate=True)
        self._columns = {name: column for column, name in enumerate(names)}
        self._indices = indices

    def _build_parzen_estimator(
        self, study: Any, search_space: dict[str, Any], trials: list[FrozenTrial], handle_below: bool
    ) -> Any:
        count, parameters = len(trials), self._parzen_estimator_parameters
        equal = handle_below and study._is_multi_objective()
        weights = np.ones(count) if equal else parameters.weights(count)[:count]
        rows = [self._indices[trial.number] for trial in trials]
        observed = np.array(rows, dtype=int).reshape(count, len(self._columns))
        choices = {name: len(categories.choices) for name, categories in search_space.items()}
        return Kernels(
            choices, observed[:, [self._columns[name] for name in choices]], weights, parameters.prior_weight
        )


class Kernels:
    """A mixture of one kernel a trial, which prefers the trial's choices, and one that prefers none (Bergstra et al.
    2011, sec. 4; all decisions in one kernel as in Falkner et al. 2018).

    ``choices`` is the number of choices of each decision, ``observed`` (trials, decisions) those of the trials by their
    indices, ``weights`` (trials,) the trials' shares and ``prior`` that of the last kernel. All decisions of so many
    choices have the same kernels, one for each choice and the last one; Optuna keeps and evaluates one for each trial.
    """

    def __init__(self, choices: Mapping[str, int], observed: Indices, weights: Floats, prior: float) -> None:
        weights = np.append(weights, prior if len(weights) else 1.0)
        self._weights: Floats = weights / weights.sum()
        self._choices = choices
        self._kernels: Indices = np.vstack([observed, list(choices.values())]).T.copy()
        self._probabilities = {size: _probabilities(size, prior / len(weights)) for size in set(choices.values())}

    def sample(self, rng: np.random.RandomState, size: int) -> dict[str, Floats]:
        """Indices of choices (size,) by decision."""
        drawn = rng.choice(len(self._weights), p=self._weights, size=size)
        sums = {count: _sums(probabilities) for count, probabilities in self._probabilities.items()}
        samples = {}
        for (name, count), kernels in zip(self._choices.items(), self._kernels, strict=True):
            quantiles = rng.rand(size)
            samples[name] = (sums[count][kernels[drawn]] < quantiles[:, None]).sum(axis=1).astype(float)
        return samples

    def log_pdf(self, samples: Mapping[str, Floats]) -> Floats:
        """Log densities (size,) of such samples."""
        logs = {count: np.log(probabilities) for count, probabilities in self._probabilities.items()}
        by_kernel = np.zeros((len(self._weights), len(next(iter(samples.values())))))
        for (name, count), kernels in zip(self._choices.items(), self._kernels, strict=True):
            by_kernel += logs[count][:, samples[name].astype(int)][kernels]
        weighted = np.ascontiguousarray(by_kernel.T) + np.log(self._weights)
        highest = weighted.max(axis=1)
        densities: Floats = np.log(np.exp(weighted - highest[:, None]).sum(axis=1)) + highest
        return densities


def _probabilities(choices: int, prior: float) -> Floats:
    """Of each choice (columns) by the kernel of each choice, and by the last one (rows)."""
    unscaled: Floats = np.full((choices + 1, choices), prior)
    unscaled[np.arange(choices), np.arange(choices)] += 1
    scaled: Floats = unscaled / unscaled.sum(axis=1, keepdims=True)
    return scaled


def _sums(probabilities: Floats) -> Floats:
    sums: Floats = np.cumsum(probabilities, axis=1)
    sums[:, -1] = 1
    return sums
