"""Bulk screening equals the scalar cost, to the digit."""

from __future__ import annotations

import random

import numpy as np
import pytest
from little_spaces import LITTLE

from search_spaces import UserError, cost, within
from search_spaces.counting.codes import Coder
from search_spaces.counting.screening import Screen
from search_spaces.known.spaces import names, space

SPACES = {**LITTLE, **{name: lambda name=name: space(name) for name in names()}}


@pytest.mark.parametrize("name", SPACES)
def test_screening_equals_the_scalar_cost(name):
    """Also for arbitrary labels of inactive decisions."""
    own = SPACES[name]()
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(0, len(each.labels), 300) for each in own.decisions], axis=1)
    macs, params = Screen(own).costs(codes)
    scalar = [cost(own.decide(Coder(own).decided(code))) for code in codes]
    assert macs.tolist() == [each.macs for each in scalar]
    assert params.tolist() == [each.params for each in scalar]


@pytest.mark.parametrize("name", SPACES)
def test_codes_of_draws_are_the_first_options_where_inactive(name):
    own = SPACES[name]()
    coder = Coder(own)
    for code in within(own).codes(random.Random(0), 20):
        labels = coder.decided(code)
        active = {d.name for d in own.decisions if d.active(labels)}
        assert all(labels[d.name] == d.labels[0] for d in own.decisions if d.name not in active)
        assert coder.code(labels) == code.tolist()


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((2, 3), dtype=int), r"^codes must be integers of shape \(n, \d+\), got int64 of \(2, 3\)$"),
        (np.zeros((2, 34)), r"got float64"),
        (np.full((2, 34), 9), r"^stages\.0\.\S+: codes must be 0 to \d$"),
    ],
)
def test_wrong_codes_are_refused(codes, message):
    with pytest.raises(UserError, match=message):
        Screen(space("mbconv")).costs(codes)
