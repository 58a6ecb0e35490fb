"""Bulk screening: decision codes in, costs out.

A layer's costs and the state after it are looked up by a key, a mixed-radix number of the state before it and the
labels of its decisions; where decisions differ from branch to branch, each branch has keys of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from search_spaces.counting.chains import chains
from search_spaces.counting.codes import Coder
from search_spaces.counting.layers import Layer, TooLargeError
from search_spaces.counting.tables import Ints, Step, Table, table
from search_spaces.errors import UserError
from search_spaces.space.space import Space

MOST_KEYS = 1 << 16  # of one branch: a table that caches hold
CHUNK = 1 << 16


class Ways(NamedTuple):
    """State after a layer, multiply-adds and parameters of it, by key: arrays of shape (keys,)."""

    target: Ints
    macs: Ints
    params: Ints


WAYS = (np.int32, np.int64, np.int64)


class _Key(NamedTuple):
    """Keys from ``start`` on: the state before a layer, then the numbers of these columns, as digits."""

    columns: list[int]
    radices: list[int]
    start: int

    def keys(self, codes: Ints, state: Ints, at: Ints | None) -> Ints:
        """Keys of the codes (of those ``at``, where given), whose states are ``state``."""
        key = state
        for column, radix in zip(self.columns, self.radices, strict=True):
            key = key * np.int32(radix)
            key += _own(codes, column, at)
        return key + np.int32(self.start) if self.start else key


class _Fork(NamedTuple):
    """Keys where decisions differ from branch to branch: one way to them for each label of ``column``."""

    column: int
    branches: list[_Key | _Fork]

    def keys(self, codes: Ints, state: Ints, at: Ints | None) -> Ints:
        """As :meth:`_Key.keys`, branch by branch."""
        taken = _own(codes, self.column, at)
        whole = np.empty(len(state), dtype=np.int32)
        for number, branch in enumerate(self.branches):
            mine = np.flatnonzero(taken == number)
            whole[mine] = branch.keys(codes, state[mine], mine if at is None else at[mine])
        return whole


class _Lookup(NamedTuple):
    """A layer: how its keys are made, and what they lead to."""

    key: _Key | _Fork
    found: Ways


def _own(codes: Ints, column: int, at: Ints | None) -> Ints:
    return codes[:, column] if at is None else codes[:, column][at]


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
        return [_Laid(self._coder, *each).lookup() for each in zip(own.chain.layers, own.steps, strict=True)]


class _Laid:
    """A layer while its keys are laid out, one branch after the other."""

    def __init__(self, coder: Coder, layer: Layer, step: Step) -> None:
        self.path = layer.path
        self.step = step
        self.labels = coder.labels
        self.coded = [coder.coded(option.labels) for option in layer.options]
        self.states = int(step.source.max()) + 1
        self.parts: list[Ways] = []

    def lookup(self) -> _Lookup:
        key = self._key(range(len(self.coded)), frozenset())
        return _Lookup(key, Ways(*(np.concatenate(arrays) for arrays in zip(*self.parts, strict=True))))

    def _key(self, options: Sequence[int], fixed: frozenset[int]) -> _Key | _Fork:
        """By these options of the layer, the labels of the ``fixed`` columns being known."""
        columns = sorted({column for option in options for column in self.coded[option]} - fixed)
        radices = [len(self.labels[column]) for column in columns]
        if prod(radices) * self.states <= MOST_KEYS:
            start = sum(len(part.target) for part in self.parts)
            self.parts.append(self._ways(set(options), columns, (self.states, *radices)))
            return _Key(columns, radices, start)
        common = [column for column in columns if all(column in self.coded[option] for option in options)]
        if not common:
            raise TooLargeError(f"over {MOST_KEYS:,} combinations of labels", self.path)
        column = min(common, key=lambda each: self._left(options, each))
        return _Fork(column, [self._key(part, fixed | {column}) for part in self._parted(options, column)])

    def _parted(self, options: Sequence[int], column: int) -> list[list[int]]:
        """The options by their label of a column."""
        numbers = range(len(self.labels[column]))
        return [[option for option in options if self.coded[option][column] == number] for number in numbers]

    def _left(self, options: Sequence[int], column: int) -> int:
        """How many columns matter, over all branches, once the label of this one is known."""
        return sum(
            len({each for option in part for each in self.coded[option]}) for part in self._parted(options, column)
        )

    def _ways(self, options: set[int], columns: list[int], shape: tuple[int, ...]) -> Ways:
        """Every way under these options, by state and labels; without an option (-1) under all labels."""
        found = Ways(*(np.zeros(shape, dtype=dtype) for dtype in WAYS))
        for edge, option in enumerate(self.step.option.tolist()):
            if option >= 0 and option not in options:
                continue
            at = self.coded[option] if option >= 0 else {}
            where = (int(self.step.source[edge]), *(at.get(column, slice(None)) for column in columns))
            values = (self.step.target, self.step.costs["macs"], self.step.costs["params"])
            for array, value in zip(found, values, strict=True):
                array[where] = value[edge]
        return Ways(*(array.ravel() for array in found))


def _screen(lookups: list[_Lookup], codes: Ints, macs: Ints, params: Ints) -> None:
    for start in range(0, len(codes), CHUNK):
        part = codes[start : start + CHUNK]
        state = np.zeros(len(part), dtype=np.int32)
        for lookup in lookups:
            key = lookup.key.keys(part, state, None)
            macs[start : start + CHUNK] += lookup.found.macs[key]
            params[start : start + CHUNK] += lookup.found.params[key]
            state = lookup.found.target[key]
