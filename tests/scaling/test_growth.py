from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.growth import GROWTH, grown

RECIPE = {"dropout": 0.2, "drop_path": 0.2, "magnitude": 5, "epochs": 40}


def test_dropout_of_b7_is_half_from_a_fifth():
    assert grown(RECIPE, 98)["dropout"] == 0.5


@given(st.floats(1, 500), st.floats(1, 4))
def test_larger_networks_are_never_regularised_less(ratio, more):
    smaller, larger = ({**RECIPE, **grown(RECIPE, size)} for size in (ratio, ratio * more))
    assert all(RECIPE[name] <= smaller[name] <= larger[name] for name in GROWTH)
    assert larger["dropout"] <= 0.5
    assert larger["magnitude"] <= 25


@pytest.mark.parametrize("ratio", [0.2, 1])
def test_what_is_no_larger_is_trained_as_the_base(ratio):
    assert grown(RECIPE, ratio) == {}


def test_what_a_recipe_leaves_out_stays_out():
    assert grown({"dropout": 0.0, "drop_path": None, "epochs": 10}, 8).keys() == {"epochs"}
