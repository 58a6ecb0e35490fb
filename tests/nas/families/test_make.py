from __future__ import annotations

import pytest

from nas.families.make import APART, SINGLE, beside, compare_members, family_members, fit_members, fitted, fitted_data
from nas.families.member import grown_recipe
from nas.study.members import results
from nas.study.records import Record
from nas.training.recipes import recipe_of
from scaling import Coefficients, family, scale
from search_spaces import cost, load
from search_spaces.errors import UserError

B0 = load("efficientnet-b0")
RECIPE = recipe_of("modern")


def test_what_is_compared_costs_the_same_and_moves_one_dimension_each():
    members, notes = compare_members(B0, RECIPE, [2, 3.5])
    assert len(members) == len(notes) + 1 == 9
    for member in members[1:]:
        factor = float(member.labels["factor"])
        assert abs(cost(member.architecture).macs / (factor * cost(B0).macs) - 1) <= APART
    by_rule = {member.labels.get("rule"): member.architecture for member in members}
    assert by_rule["depth"].image_size == by_rule["width"].image_size == 224
    assert [stage.count for stage in by_rule["resolution"].stages] == [stage.count for stage in B0.stages]
    assert set(SINGLE) < set(by_rule)


@pytest.mark.parametrize("factors", [[], [1], [2, 2], [0.5]])
def test_factors_must_be_different_numbers_above_1(factors):
    with pytest.raises(UserError, match=r"^factor: must be different numbers above 1"):
        compare_members(B0, RECIPE, factors)


def test_the_points_of_the_grid_are_the_base_at_phi_1():
    members = fit_members(B0, RECIPE, step=0.2)
    assert members[0].architecture == scale(B0, phi=1, coefficients=Coefficients(1, 1, 1.4)).architecture
    assert len({member.name for member in members}) == len(members) == 6


def scores(values):
    """Records of (alpha, beta, gamma, top1)."""
    return results(
        Record(
            trial=index,
            state="complete",
            top1=top1 + 0.001 * seed,
            replicate=seed,
            decisions={"member": f"m{index}", "alpha": str(a), "beta": str(b), "gamma": str(g)},
        )
        for index, (a, b, g, top1) in enumerate(values)
        for seed in (0, 1)
    )


def test_the_best_mean_is_fitted_and_of_equal_networks_the_one_nearest_to_twice_the_cost():
    outcome = scores([(1.2, 1.1, 1.15, 0.5), (1.4, 1.2, 1.0, 0.9), (1.5, 1.2, 1.0, 0.9), (2, 1, 1, 0.6)])
    keys = {"m0": "k0", "m1": "k1", "m2": "k1", "m3": "k3"}
    coefficients, _ = fitted(outcome, keys)
    assert coefficients == Coefficients(1.4, 1.2, 1.0)
    data = fitted_data(outcome, keys, {"study": "mine"})
    assert (data["alpha"], data["provenance"]["resolved"]) == (1.4, True)
    assert (data["provenance"]["points"], data["provenance"]["networks"]) == (4, 3)


def test_what_cannot_be_told_from_the_best_is_named():
    outcome = scores([(1.2, 1.1, 1.15, 0.5), (2, 1, 1, 0.5005)])
    about = fitted_data(outcome, {"m0": "k0", "m1": "k1"}, {})["provenance"]
    assert (about["not_told_apart"], about["resolved"]) == (["m0"], False)


def test_a_family_has_its_base_once():
    scaled = family(B0, phis=[1, 2])
    assert [m.name for m in family_members(B0, scaled, RECIPE, [RECIPE] * 2)] == ["base", "phi1", "phi2"]
    published = family(B0, variants=("b0", "b1"))
    assert [m.name for m in family_members(B0, published, RECIPE, [RECIPE] * 2)] == ["b0", "b1"]


def test_known_networks_stand_beside_at_the_base_s_image_size():
    [member] = beside(["mobilenet-v2"], 64, RECIPE)
    assert member.architecture == load("mobilenet-v2").at(64)
    with pytest.raises(UserError, match="unknown network 'mobilnet-v2'; did you mean"):
        beside(["mobilnet-v2"], 64, RECIPE)


def test_a_larger_network_is_regularised_more_and_its_batch_fits_the_memory():
    large = scale(B0, phi=3).architecture
    grown = grown_recipe(RECIPE, B0, large)
    assert grown.magnitude > RECIPE.magnitude
    assert grown.batch == RECIPE.batch
    bounded = grown_recipe(RECIPE, B0, large, memory=5 * 10**9)
    step = bounded.batch * 8 * cost(large).activations
    assert step <= 5 * 10**9 < 2 * step
    assert bounded.lr * RECIPE.batch == pytest.approx(RECIPE.lr * bounded.batch)
    assert grown_recipe(RECIPE, B0, B0) is RECIPE
