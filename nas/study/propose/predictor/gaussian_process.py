"""A Gaussian process with a linear and a smooth part (Rasmussen & Williams 2006, ch. 2 and 5)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from nas.study.propose.predictor.features import Floats

LINEAR = (0.1, 0.5, 0.9)  # share of the linear part in the prior variance
LENGTHS = (0.5, 1.0, 2.0, 4.0)  # of the smooth part, in deviations of a group of features
NOISES = (0.01, 0.03, 0.1, 0.3, 1.0)  # variance of one score's noise, in parts of the prior variance
MAX_FITTED = 200  # the latest observations that decide on the hyper-parameters


class Kernel(NamedTuple):
    """Covariance of two rows of features: ``linear`` times their product plus the rest times exp(-d²/2 ``length``²)."""

    linear: float
    length: float

    def between(self, rows: Floats, others: Floats) -> Floats:
        """Covariances, shape (rows, others)."""
        products = rows @ others.T
        distances = (rows**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * products
        smooth = np.exp(-np.maximum(distances, 0) / (2 * self.length**2))
        return np.asarray(self.linear * products + (1 - self.linear) * smooth)

    def variances(self, rows: Floats) -> Floats:
        """Each row's own variance, shape (rows,)."""
        return np.asarray(self.linear * (rows**2).sum(axis=1) + 1 - self.linear)


@dataclass(frozen=True)
class Posterior:
    """What observed scores say about others. ``scale`` is the prior variance, in squares of the scores' deviation."""

    kernel: Kernel
    noise: float
    scale: float
    mean: float
    deviation: float
    rows: Floats
    factor: Floats
    weights: Floats

    def at(self, rows: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the noiseless score of rows of features, each of shape (rows,)."""
        covariances = self.kernel.between(rows, self.rows)
        explained = solve_triangular(self.factor, covariances.T, lower=True)
        variances = np.maximum(self.kernel.variances(rows) - (explained**2).sum(axis=0), 0) * self.scale
        return self.mean + self.deviation * (covariances @ self.weights), self.deviation * np.sqrt(variances)

    def mean_at(self, rows: Floats) -> Floats:
        """The mean alone, shape (rows,)."""
        return np.asarray(self.mean + self.deviation * (self.kernel.between(rows, self.rows) @ self.weights))

    def contrast(self, rows: Floats, weights: Floats) -> tuple[float, float]:
        """Mean and standard deviation of the weighted sum of the noiseless scores of rows; the weights sum to 0."""
        covariances = self.kernel.between(rows, self.rows)
        explained = solve_triangular(self.factor, covariances.T @ weights, lower=True)
        variance = (weights @ self.kernel.between(rows, rows) @ weights - explained @ explained) * self.scale
        mean = self.deviation * float(weights @ covariances @ self.weights)
        return mean, self.deviation * math.sqrt(max(variance, 0.0))


def fit(rows: Floats, scores: Floats, extra: Floats, like: Posterior | None = None) -> Posterior:
    """The posterior with the hyper-parameters of the greatest marginal likelihood on a small grid, or those of another
    one.

    ``rows`` (n, columns) are features, ``scores`` (n,) noisy observations; ``extra`` (n,) is the variance that each has
    beside the common noise, in squares of a score.
    """
    mean, deviation = float(scores.mean()), float(scores.std()) or 1.0
    latest = slice(-MAX_FITTED, None)
    normal, more = (scores - mean) / deviation, extra / deviation**2
    kernel, noise = (like.kernel, like.noise) if like else _likeliest(rows[latest], normal[latest], more[latest])
    factor, solved = _factorised(kernel.between(rows, rows), normal, noise + more)
    return Posterior(
        kernel=kernel,
        noise=noise,
        scale=float(solved @ solved) / len(scores),
        mean=mean,
        deviation=deviation,
        rows=rows,
        factor=factor,
        weights=np.asarray(solve_triangular(factor, solved, lower=True, trans="T")),
    )


def _likeliest(rows: Floats, scores: Floats, extra: Floats) -> tuple[Kernel, float]:
    best, hyper = -math.inf, (Kernel(LINEAR[0], LENGTHS[0]), NOISES[0])
    for kernel in map(Kernel._make, product(LINEAR, LENGTHS)):
        covariances = kernel.between(rows, rows)
        for noise in NOISES:
            factor, solved = _factorised(covariances, scores, noise + extra)
            likelihood = _log_likelihood(factor, solved)
            if likelihood > best:
                best, hyper = likelihood, (kernel, noise)
    return hyper


def _factorised(covariances: Floats, scores: Floats, noises: Floats) -> tuple[Floats, Floats]:
    """The Cholesky factor L of the covariances with noise, and L⁻¹ times the scores."""
    factor = cholesky(covariances + np.diag(noises), lower=True, check_finite=False)
    return factor, np.asarray(solve_triangular(factor, scores, lower=True, check_finite=False))


def _log_likelihood(factor: Floats, solved: Floats) -> float:
    """Log marginal likelihood at the best prior variance, up to a constant."""
    variance = max(float(solved @ solved) / len(solved), np.finfo(float).tiny)
    return -0.5 * len(solved) * math.log(variance) - float(np.log(np.diag(factor)).sum())
