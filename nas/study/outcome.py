"""What a study found out beside its trials: noise, base and test score, each held whole by one event of the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from nas.training.reference import Reference
from search_spaces.network.budget import Budget

Variance = float
"""Of scores, in squares of their unit."""


@dataclass(frozen=True)
class Noise:
    """Variances of the objective (of top-1: fractions squared), each with what it was estimated from; None where it
    cannot be.

    ``search_variance``: of the ``candidates`` completed search trials, one seed each, so it holds both sources.
    ``between_seeds``: pooled within the ``retrained`` candidates over their ``seeds`` retrainings alone (replicate
    ≥ 1); the search score of a retrained candidate is left out, because it was selected for being high.
    ``between_candidates``: the first minus the second, at least 0. ``resolved``: it exceeds ``between_seeds``.
    """

    search_variance: Variance | None
    candidates: int
    between_seeds: Variance | None
    retrained: int
    seeds: int
    between_candidates: Variance | None
    resolved: bool | None


@dataclass(frozen=True)
class BaseChoice:
    """The search trial chosen as the base. ``mean`` is over its search score and ``replicates`` further seeds;
    ``fresh`` over the further seeds alone, which the selection has not touched (None without any). Fractions, or the
    scores of the user's own evaluator."""

    trial: int
    digest: str | None = None
    top1: float | None = None
    mean: float | None = None
    fresh: float | None = None
    replicates: int = 0
    rule: str = ""


@dataclass(frozen=True)
class TestScore:
    """Top-1 (0 to 1) of the base, search trial ``trial``, as the search trained it at ``image_size`` pixels, on the
    ``images`` of the test split."""

    __test__ = False  # not a test case, whatever its name says to pytest

    trial: int
    top1: float
    images: int
    image_size: int | None = None


@dataclass(frozen=True)
class FinalScore:
    """The base, search trial ``trial``, trained at its deployment ``image_size``: top-1 (0 to 1) on validation and, of
    ``images``, on the test split; its costs there. ``folder`` is in the study."""

    trial: int
    recipe: str
    recipe_digest: str
    epochs: int
    image_size: int
    folder: str
    params: int
    macs: int
    validation: float
    top1: float
    images: int
    seconds: float


@dataclass(frozen=True)
class RandomSearch:
    """Random search of the same number of trainings, beside the search.

    ``state`` is finished, exhausted, or time where it was cut short. ``shared`` of its ``trials`` the search had made
    already; ``epochs`` and ``search_epochs`` are what both cost. ``trial`` is the network that it would choose, with
    its costs at deployment, its score in that search (``top1``) and ``fresh``, over ``replicates`` further seeds.
    ``difference`` is how far the search's ``base`` (a trial) is ahead by the objective, with its 95 % interval from
    ``low`` to ``high``, None without further seeds."""

    state: str
    trials: int
    shared: int
    epochs: int
    search_epochs: int
    trial: int
    digest: str | None
    macs: int
    params: int
    top1: float | None
    fresh: float | None
    replicates: int
    difference: float
    low: float | None
    high: float | None
    base: int | None = None

    def covers(self, trials: int, base: int | None) -> bool:
        """Whether it is what ``trials`` trainings are to be set beside, and the search has the base still."""
        return self.base == base and (self.state == "exhausted" or (self.state == "finished" and self.trials >= trials))


@dataclass(frozen=True)
class Measured:
    """Latency of a network on the study's device: median and percentiles of ``runs`` forward passes of ``batch``
    images, in milliseconds. ``disturbance`` is what other work on the machine did to it, None where it is steady. Only
    the median is known of what early releases measured."""

    latency_ms: float
    p5_ms: float | None = None
    p95_ms: float | None = None
    device: str | None = None
    processor: str | None = None
    threads: int | None = None
    batch: int = 1
    runs: int | None = None
    repeats: int | None = None
    disturbance: str | None = None

    def violation(self, budget: Budget) -> float:
        """How far it lies outside a budget of latency (≤ 0: inside): where it is steady its median, else both
        percentiles, because other work mostly adds time."""
        steady = self.disturbance is None or self.p5_ms is None or self.p95_ms is None
        values = (self.latency_ms,) if steady else (self.p5_ms, self.p95_ms)
        return max(budget.violation_of(value) for value in values if value is not None)


FINDINGS: dict[str, type[Any]] = {
    "reference": Reference,
    "noise": Noise,
    "base": BaseChoice,
    "baseline": RandomSearch,
}
"""Events that hold a finding whole; of several the last one holds."""
OF_BASES: dict[str, type[Any]] = {"test": TestScore, "final": FinalScore}
"""The same of one base."""


def from_fields(kind: type[Any], data: Mapping[str, Any]) -> Any:
    """A dataclass of this kind from plain data; what is no field of it, such as one of a newer release, is left out.
    Raises ValueError for a value of another type than the field's, and for a field that is missing."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{kind.__name__} must be fields, got {type(data).__name__}")
    values = {}
    for name, kind_text, is_optional, is_right in _rules(kind):  # type: ignore[arg-type]
        if name in data:
            value = values[name] = data[name]
            if not (value is None and is_optional) and not is_right(value):
                raise ValueError(f"{name} must be {kind_text}, got {type(value).__name__}")
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"{kind.__name__}: {error}") from None


@cache
def _rules(kind: type[Any]) -> tuple[tuple[str, str, bool, Callable[[Any], bool]], ...]:
    """Of each field its name, its type as text, whether it may be None, and what else it may be."""
    texts = {f.name: str(f.type).partition(" | ") for f in fields(kind)}
    return tuple((n, "".join(text), text[2] == "None", TYPES[text[0]]) for n, text in texts.items())


def is_number(value: Any) -> bool:
    """Whether it is a finite number of a size that can be computed with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def is_integer(value: Any) -> bool:
    """The same of an integer."""
    return isinstance(value, int) and is_number(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


MAX_NUMBER = 1e100
TYPES: dict[str, Callable[[Any], bool]] = {
    "int": is_integer,
    "float": is_number,
    "Variance": lambda value: is_number(value) or (isinstance(value, float) and 0 <= value <= MAX_NUMBER**2),
    "str": _is_text,
    "bool": lambda value: isinstance(value, bool),
    "tuple[float, ...]": lambda value: isinstance(value, list | tuple) and all(map(is_number, value)),
    "Mapping[str, str]": lambda value: isinstance(value, Mapping) and set(map(type, value.values())) <= {str},
    "Mapping[str, float]": lambda value: isinstance(value, Mapping) and all(map(is_number, value.values())),
}
"""What a stored value of a field may be, by the field's type."""
