from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scaled_bases import bases

from scaling import RULES, scale
from scaling.explain import DIMENSIONS, explained
from search_spaces import UserError, load

B0 = load("efficientnet-b0")


@settings(max_examples=20)
@given(bases, st.floats(-1, 3).map(lambda phi: round(phi, 2)))
def test_the_phi_of_every_dimension_and_of_the_cost_holds_the_phi_that_was_taken(base, phi):
    steps = explained(base, scale(base, phi=phi).architecture)
    assert steps.keys() == DIMENSIONS.keys()
    for step in steps.values():
        assert step.is_exact
        assert step.low - 1e-6 <= phi <= step.high + 1e-6


def test_b3_is_1_9_by_width_2_1_by_image_size_and_follows_no_single_phi():
    steps = explained(B0, load("efficientnet-b3"))
    assert 1.85 in steps["depth"]
    assert 1.91 in steps["width"]
    assert 2.09 in steps["image size"]
    assert steps["depth"].is_exact
    assert steps["width"].high < steps["image size"].low
    assert not steps["cost"].is_exact


def test_a_dimension_that_a_rule_leaves_alone_tells_no_phi():
    member = scale(B0, phi=1, rule="width").architecture
    steps = explained(B0, member, RULES["width"])
    assert str(steps["depth"]) == str(steps["image size"]) == "any φ"
    assert 1 in steps["width"]
    assert str(explained(B0, member, RULES["depth"])["width"]) == "no φ"


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("resnet-50", "it has 2 rows in its stem, the base 1"),
        ("efficientnetv2-s", "it has 6 rows in its stages, the base 7"),
    ],
)
def test_what_was_not_scaled_from_the_base_is_refused(member, message):
    with pytest.raises(UserError, match=f"^member: is no scaled form of the base: {message}$"):
        explained(B0, load(member))
