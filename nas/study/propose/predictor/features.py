"""A network as numbers: its decisions, what its rows are, and what it costs. Any space gets them by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces import Architecture, Space, Stage, cost
from search_spaces.network.gain import log_gain
from search_spaces.space.decisions import Decision
from search_spaces.values import field_values

Floats = NDArray[np.float64]
Labels = Mapping[str, str]
Named = Mapping[str, float]

MAX_REMEMBERED = 8_192  # architectures of vectors: of the last few pools
TINY = 1e-9  # a column whose standard deviation is less says nothing


class Features:
    """Maps vectors of a space's decisions (labels of the active ones) to rows of numbers in four groups: decisions,
    rows, costs and gain. Each has the same share in a distance, however many columns it has. ``of_label`` says which
    column of the decisions a label fills, and with which number."""

    def __init__(self, space: Space) -> None:
        self._decided: Callable[[tuple[tuple[str, str], ...]], Architecture]
        self._decided = lru_cache(maxsize=MAX_REMEMBERED)(lambda labels: space.decide(dict(labels)))
        self._columns = 0
        self.of_label: dict[tuple[str, str], tuple[int, float]] = {}
        for decision in space.decisions:
            self._add(decision)

    def _add(self, decision: Decision) -> None:
        """Numbers, which have an order, are ranks from -1 to 1; words one-hot. A decision that is off is 0."""
        ranks = _ranks(decision)
        for index, label in enumerate(decision.labels):
            entry = (self._columns + index, 1.0) if ranks is None else (self._columns, ranks[label])
            self.of_label[decision.name, label] = entry
        self._columns += len(decision.labels) if ranks is None else 1

    def matrix(self, vectors: Sequence[Labels]) -> Floats:
        """The features of n vectors, shape (n, columns): each column with mean 0 and variance 1 over them, and every
        group divided by the root of its number of columns; columns that do not vary are left out."""
        keys = [tuple(labels.items()) for labels in vectors]
        places = {key: place for place, key in enumerate(dict.fromkeys(keys))}  # many are asked for several times
        architectures = [self._decided(key) for key in places]
        repeated = [places[key] for key in keys]
        groups = (group(architectures)[repeated] for group in (_of_rows, _of_costs, _of_gain))
        return np.hstack([_standardised(group) for group in (self.of_decisions(vectors), *groups)])

    def of_decisions(self, vectors: Sequence[Labels]) -> Floats:
        """The first group as it is, shape (n, columns); a decision that is off is 0."""
        table = np.zeros((len(vectors), self._columns))
        for row, labels in zip(table, vectors, strict=True):
            columns, numbers = zip(*map(self.of_label.__getitem__, labels.items()), strict=True)
            row[list(columns)] = numbers
        return table


def _ranks(decision: Decision) -> dict[str, float] | None:
    """The ranks of a decision between numbers, from -1 to 1; None where its labels are words."""
    try:
        ordered = sorted(decision.labels, key=float)
    except ValueError:
        return None
    return {label: 2 * rank / max(1, len(ordered) - 1) - 1 for rank, label in enumerate(ordered)}


def _of_rows(architectures: Sequence[Architecture]) -> Floats:
    """Of each row of the stem and the stages its width, its depth, how many blocks it has of each kind, and the mean of
    each number that its blocks hold (kernel, expand ratio, SE ratio …); the depth of the network."""
    positions = zip_longest(*((*architecture.stem, *architecture.stages) for architecture in architectures))
    depths = np.array([[sum(row.count for row in architecture.stages)] for architecture in architectures], dtype=float)
    return np.hstack([*map(_at_position, positions), depths])


def _at_position(rows: Sequence[Stage | None]) -> Floats:
    """The numbers of n rows, None where a network has no such row; most of them are equal to others."""
    distinct = {row: index for index, row in enumerate(dict.fromkeys(rows))}
    return _table([_of_row(row) if row else {} for row in distinct])[[distinct[row] for row in rows]]


@lru_cache(maxsize=65_536)
def _of_row(row: Stage) -> Named:
    numbers: dict[str, list[float]] = {}
    kinds: dict[str, float] = {}
    for block in row.sequence:
        kinds[block.kind] = kinds.get(block.kind, 0) + 1
        for name, number in field_values(block).items():
            if _is_number(number):
                numbers.setdefault(name, []).append(float(number))
    width = math.log(row.out) if row.out else 0.0
    return {"out": width, "depth": row.count, **kinds, **{name: fmean(means) for name, means in numbers.items()}}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_costs(architectures: Sequence[Architecture]) -> Floats:
    costs = [(total.macs, total.params, total.activations) for total in map(cost, architectures)]
    return np.asarray(np.log1p(np.array(costs, dtype=float)))


def _of_gain(architectures: Sequence[Architecture]) -> Floats:
    return np.array([[log_gain(architecture)] for architecture in architectures])


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
