"""Paths through tables as decision codes.

A code is the number of a label for each decision of the space, in the space's order; inactive decisions have 0,
their first option. Arrays of codes have shape (n, decisions), int16, column by column in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from search_spaces.counting.layers import Layer
from search_spaces.counting.tables import Ints, Table
from search_spaces.space.space import Space


class Coder:
    """Numbers of the labels of a space's decisions."""

    def __init__(self, space: Space) -> None:
        self.labels = tuple(decision.labels for decision in space.decisions)
        self.names = tuple(decision.name for decision in space.decisions)
        self.column = {name: index for index, name in enumerate(self.names)}
        self.number = [{label: i for i, label in enumerate(own)} for own in self.labels]

    def coded(self, labels: Mapping[str, str]) -> dict[int, int]:
        """Column and number of each label."""
        return {self.column[name]: self.number[self.column[name]][label] for name, label in labels.items()}

    def columns(self, layer: Layer) -> list[int]:
        """Columns of all decisions of a layer."""
        return sorted({self.column[name] for option in layer.options for name in option.labels})

    def codes(self, own: Table, edges: Ints) -> Ints:
        """Codes of paths, each the edge of every step: (n, steps) to (n, decisions)."""
        found = np.zeros((len(edges), len(self.names)), dtype=np.int16, order="F")
        for column, number in self.coded(own.chain.labels).items():
            found[:, column] = number
        for layer, step, taken in zip(own.chain.layers, own.steps, edges.T, strict=True):
            option = step.option[taken]
            columns = self.columns(layer)
            numbers = np.zeros((len(columns), len(layer.options) + 1), dtype=np.int16)  # the last is option -1
            for index, each in enumerate(layer.options):
                for column, number in self.coded(each.labels).items():
                    numbers[columns.index(column), index] = number
            for column, own_numbers in zip(columns, numbers, strict=True):
                found[:, column] = own_numbers[option]
        return found

    def paths(self, own: Table, edges: Ints) -> Iterator[dict[str, str]]:
        """Labels of the active decisions of paths, each the edge of every step: (n, steps)."""
        columns = [step.option[taken].tolist() for step, taken in zip(own.steps, edges.T, strict=True)]
        by_layer = [[each.labels for each in layer.options] + [{}] for layer in own.chain.layers]  # the last: -1
        for options in zip(*columns, strict=True):
            labels = dict(own.chain.labels)
            for known, option in zip(by_layer, options, strict=True):
                labels.update(known[option])
            yield labels

    def code(self, labels: Mapping[str, str]) -> list[int]:
        """The code of a label for each decision."""
        return [number[labels[name]] for name, number in zip(self.names, self.number, strict=True)]

    def decided(self, code: Ints) -> dict[str, str]:
        """A label for each decision of one code, shape (decisions,)."""
        return {n: own[i] for n, own, i in zip(self.names, self.labels, code.tolist(), strict=True)}
