"""A network as numbers: its decisions, what its rows are, and what it costs. Any space gets them by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces import Architecture, Space, Stage, cost
from search_spaces.space.decisions import Decision
from search_spaces.values import field_values

Floats = NDArray[np.float64]
Labels = Mapping[str, str]
Named = Mapping[str, float]

TINY = 1e-9  # a column whose standard deviation is less says nothing


class Features:
    """Maps vectors of a space's decisions (labels of the active ones) to rows of numbers in three groups: decisions,
    rows and costs. Each has the same share in a distance, however many columns it has."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._decisions = [(decision, _ranks(decision)) for decision in space.decisions if len(decision.labels) > 1]

    def matrix(self, vectors: Sequence[Labels]) -> Floats:
        """The features of n vectors, shape (n, columns): each column with mean 0 and variance 1 over them, and every
        group divided by the root of its number of columns; columns that do not vary are left out."""
        architectures = [self._space.decide(labels) for labels in vectors]
        groups = (
            [self._of_decisions(labels) for labels in vectors],
            [_of_rows(architecture) for architecture in architectures],
            [_of_costs(architecture) for architecture in architectures],
        )
        return np.hstack([_standardised(_table(group)) for group in groups])

    def _of_decisions(self, labels: Labels) -> Named:
        """Numbers, which have an order, as ranks from -1 to 1; words one-hot. A decision that is off is 0."""
        numbers: dict[str, float] = {}
        for decision, ranks in self._decisions:
            label = labels.get(decision.name)
            if label is None:
                continue
            if ranks is None:
                numbers[f"{decision.name}={label}"] = 1.0
            else:
                numbers[decision.name] = ranks[label]
        return numbers


def _ranks(decision: Decision) -> dict[str, float] | None:
    """The ranks of a decision between numbers, from -1 to 1; None where its labels are words."""
    try:
        ordered = sorted(decision.labels, key=float)
    except ValueError:
        return None
    return {label: 2 * rank / (len(ordered) - 1) - 1 for rank, label in enumerate(ordered)}


def _of_rows(architecture: Architecture) -> Named:
    """Depth of the network; of each row its width, its depth, how many blocks it has of each kind, and the mean of
    each number that its blocks hold (kernel, expand ratio, SE ratio …)."""
    rows = [*architecture.stem, *architecture.stages]
    numbers = {f"{index}.{name}": number for index, row in enumerate(rows) for name, number in _of_row(row)}
    return {**numbers, "depth": sum(row.count for row in architecture.stages)}


@lru_cache(maxsize=65_536)
def _of_row(row: Stage) -> tuple[tuple[str, float], ...]:
    sums: dict[str, list[float]] = {}
    kinds: dict[str, float] = {}
    for block in row.sequence:
        kinds[block.kind] = kinds.get(block.kind, 0) + 1
        for name, number in field_values(block).items():
            if _is_number(number):
                sums.setdefault(name, []).append(float(number))
    means = {name: sum(numbers) / len(numbers) for name, numbers in sums.items()}
    width = {"out": math.log(row.out)} if row.out else {}
    return (*width.items(), ("depth", row.count), *kinds.items(), *means.items())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_costs(architecture: Architecture) -> Named:
    total = cost(architecture)
    return {name: math.log1p(getattr(total, name)) for name in ("macs", "params", "activations")}


def _table(rows: Sequence[Named]) -> Floats:
    """One row for each mapping, one column for each name in any of them; what is missing is 0."""
    columns = {name: index for index, name in enumerate(dict.fromkeys(name for row in rows for name in row))}
    table = np.zeros((len(rows), len(columns)))
    for index, row in enumerate(rows):
        table[index, [columns[name] for name in row]] = list(row.values())
    return table


def _standardised(table: Floats) -> Floats:
    deviation = table.std(axis=0)
    varied = deviation > TINY
    centred = table[:, varied] - table[:, varied].mean(axis=0)
    return np.asarray(centred / deviation[varied] / math.sqrt(max(1, varied.sum())))
