"""Paths through tables as decision codes, and codes as costs.

A code is the number of a label for each decision of the space, in the space's order; inactive decisions have 0,
their first option. Arrays of codes have shape (n, decisions), int16, column by column in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from search_spaces.counting.chains import Layer, TooLargeError, chains
from search_spaces.counting.tables import Ints, Table, table
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from search_spaces.space import Space

MOST_KEYS = 1 << 20
CHUNK = 1 << 14


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


class _Lookup(NamedTuple):
    """A layer by state before it and key of its decisions, each of shape (states · keys,)."""

    columns: list[int]
    radices: list[int]
    target: Ints
    macs: Ints
    params: Ints

    @property
    def keys(self) -> int:
        return prod(self.radices)


class Screen:
    """Costs of many codes at once, equal to the scalar cost to the digit; prepared once for a space.

    Raises TooLargeError where the space is no chain, or one layer has too many combinations of labels.
    """

    def __init__(self, space: Space) -> None:
        self._coder = Coder(space)
        self._chains = [(self._coder.coded(each.labels), self._lookups(table(each, None))) for each in chains(space)]

    def costs(self, codes: Ints) -> tuple[Ints, Ints]:
        """(MACs, parameters) of codes of shape (n, decisions), int64 of shape (n,) each; labels of inactive
        decisions do not matter. Raises UserError for codes of another shape or beyond the labels."""
        self._check(codes)
        macs, params = (np.zeros(len(codes), dtype=np.int64) for _ in range(2))
        for fixed, lookups in self._chains:
            if len(self._chains) == 1:
                _screen(lookups, codes, macs, params)
                continue
            mine = np.flatnonzero(np.all([codes[:, column] == n for column, n in fixed.items()], axis=0))
            own = np.zeros(len(mine), dtype=np.int64), np.zeros(len(mine), dtype=np.int64)
            _screen(lookups, np.asfortranarray(codes[mine]), *own)
            macs[mine], params[mine] = own
        return macs, params

    def _check(self, codes: Ints) -> None:
        width = len(self._coder.names)
        if codes.ndim != 2 or codes.shape[1] != width or codes.dtype.kind not in "iu":
            raise UserError(f"codes must be integers of shape (n, {width}), got {codes.dtype} of {codes.shape}")
        for column, labels in enumerate(self._coder.labels if len(codes) else ()):
            if codes[:, column].min() < 0 or codes[:, column].max() >= len(labels):
                raise UserError(f"codes must be 0 to {len(labels) - 1}", self._coder.names[column])

    def _lookups(self, own: Table) -> list[_Lookup]:
        return [self._lookup(layer, own, index) for index, layer in enumerate(own.chain.layers)]

    def _lookup(self, layer: Layer, own: Table, index: int) -> _Lookup:
        step, columns = own.steps[index], self._coder.columns(layer)
        radices = [len(self._coder.labels[column]) for column in columns]
        states = int(step.source.max()) + 1
        if prod(radices) * states > MOST_KEYS:
            raise TooLargeError(f"over {MOST_KEYS:,} combinations of labels", layer.path)
        found = [np.zeros((states, *radices), dtype=dtype) for dtype in (np.int32, np.int64, np.int64)]
        for edge in range(len(step.source)):
            option = int(step.option[edge])
            at = self._coder.coded(layer.options[option].labels) if option >= 0 else {}
            where = (int(step.source[edge]), *(at.get(column, slice(None)) for column in columns))
            for array, value in zip(found, (step.target, step.costs["macs"], step.costs["params"]), strict=True):
                array[where] = value[edge]
        return _Lookup(columns, radices, *(array.ravel() for array in found))


def _screen(lookups: list[_Lookup], codes: Ints, macs: Ints, params: Ints) -> None:
    for start in range(0, len(codes), CHUNK):
        part = codes[start : start + CHUNK]
        state = np.zeros(len(part), dtype=np.int32)
        for lookup in lookups:
            key = state  # the state is the first digit
            for column, radix in zip(lookup.columns, lookup.radices, strict=True):
                key = key * np.int32(radix)
                key += part[:, column]
            macs[start : start + CHUNK] += lookup.macs[key]
            params[start : start + CHUNK] += lookup.params[key]
            state = lookup.target[key]
