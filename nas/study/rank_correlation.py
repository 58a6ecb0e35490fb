"""Do two rankings agree? Kendall's tau with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

MIN_PAIRS = 4  # networks below which a rank correlation says nothing
RESAMPLES = 1_000


@dataclass(frozen=True)
class Tau:
    """Kendall's tau-b of two rankings of ``networks``, with its 95 % interval by the bootstrap (Efron 1979)."""

    value: float
    low: float
    high: float
    networks: int

    def __str__(self) -> str:
        return f"Kendall's tau {self.value:.2f} ({self.low:.2f} to {self.high:.2f}) over {self.networks} networks"


def tau(one: Sequence[float], other: Sequence[float]) -> Tau | None:
    """How well two rankings agree; None for fewer than four networks, or where all of a ranking are equal."""
    if len(one) < MIN_PAIRS or len(set(one)) == 1 or len(set(other)) == 1:
        return None
    return _tau(tuple(one), tuple(other))


@lru_cache(maxsize=16)  # a page says it in a sentence and beside a figure
def _tau(one: tuple[float, ...], other: tuple[float, ...]) -> Tau:
    import numpy as np
    from scipy.stats import kendalltau, rankdata

    first, second = rankdata(one), rankdata(other)
    draws = np.random.default_rng(0).integers(len(one), size=(RESAMPLES, len(one)))
    taus = [
        kendalltau(first[draw], second[draw]).statistic for draw in draws if np.ptp(first[draw]) * np.ptp(second[draw])
    ]
    low, high = np.quantile(taus, (0.025, 0.975))
    return Tau(float(kendalltau(first, second).statistic), float(low), float(high), len(one))
