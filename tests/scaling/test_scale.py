from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scaled_bases import bases

from scaling import FAMILY, RULES, Coefficients, family, scale
from search_spaces import Architecture, Budget, Conv, MBConv, Stage, UserError, cost, digest, load

# EfficientNet-B0 to B7, as the paper's reference code and torchvision build them.
PARAMS = (5_288_548, 7_794_184, 9_109_994, 12_233_232, 19_341_616, 30_389_784, 43_040_704, 66_347_960)
B0 = load("efficientnet-b0")


def test_the_family_has_the_published_sizes():
    assert tuple(member.cost.params for member in family(B0)) == PARAMS


@pytest.mark.parametrize("variant", FAMILY[:5])
def test_scaling_b0_gives_the_known_networks(variant):
    assert scale(B0, variant=variant).architecture == load(f"efficientnet-{variant}")


def test_phi_three_is_not_b3_and_says_so():
    three = scale(B0, phi=3)
    assert three.cost.macs != scale(B0, variant="b3").cost.macs
    assert three.nominal_ratio == pytest.approx((1.2 * 1.1**2 * 1.15**2) ** 3)
    assert any("B1 to B7" in note for note in three.notes)


@settings(max_examples=60)
@given(bases, st.sampled_from(tuple(RULES)))
def test_phi_zero_is_the_identity_whatever_the_widths(base, rule):
    scaled = scale(base, phi=0, rule=rule)
    assert scaled.architecture == base
    assert digest(scaled.architecture) == digest(base)


@settings(max_examples=60)
@given(bases, st.sampled_from(tuple(RULES)), st.floats(-1, 2), st.floats(0, 1))
def test_no_cost_ever_falls_as_phi_grows(base, rule, phi, more):
    smaller, larger = (scale(base, phi=x, rule=rule).cost for x in (phi, phi + more))
    assert smaller.macs <= larger.macs
    assert smaller.params <= larger.params
    assert smaller.activations <= larger.activations


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "scaling needs one of phi, variant, target; got none"),
        ({"phi": 1, "variant": "b1"}, "scaling needs one of phi, variant, target; got phi and variant"),
        ({"variant": "b9"}, "variant: must be one of b0, .*, got 'b9'"),
        ({"phi": 99}, "phi: must be a number from -40 to 40, got 99"),
        ({"phi": float("nan")}, "phi: must be a number from -40 to 40, got nan"),
        ({"phi": 1, "rule": "efficentnet"}, "rule: must be one of .*did you mean 'efficientnet.*got 'efficentnet'"),
        ({"variant": "b1", "rule": "fast"}, "rule: b1 is a row of EfficientNet's table and follows no rule: .*"),
        ({"phi": 1, "max_image_size": 200}, "max_image_size: must be at least the base's 224 px, got 200"),
        ({"phi": 1, "image_multiple": 0}, "image_multiple: must be an integer of at least 1, got 0"),
        ({"target": ()}, "target: must be at least one budget, got none"),
        ({"target": "fast"}, "a budget must be a number with a unit .*"),
        ({"target": "12ms"}, "a latency is measured on a device and not known from the architecture"),
    ],
)
def test_wrong_wishes_are_refused(asked, message):
    with pytest.raises(UserError, match=f"^{message}$"):
        scale(B0, **asked)


def test_image_sizes_keep_to_a_multiple_and_to_a_bound_which_is_said():
    assert scale(B0, phi=1, image_multiple=32).architecture.image_size == 256
    bounded = scale(B0, phi=2, max_image_size=240)
    assert bounded.architecture.image_size == 240
    assert "the image size stays at 240 px; the rule alone would take 296" in bounded.notes


def test_rows_of_one_block_that_are_doubled_are_said():
    fires = tuple(Stage(MBConv(), out=16 * (index + 1)) for index in range(8))
    base = Architecture(image_size=64, stem=(Stage(Conv(), out=16, stride=2),), stages=fires)
    scaled = scale(base, phi=0.5)
    [note] = [note for note in scaled.notes if "doubles" in note]
    assert note.startswith("depth × 1.1 doubles 8 of the 8 rows of one block")
    assert scale(base, phi=0.5, rule="fast").ratio < 1.5
    assert not any("doubles" in note for note in scale(base, phi=0.5, rule="fast").notes)


def test_coefficients_take_the_place_of_the_rule_s():
    deep = scale(B0, phi=1, coefficients=Coefficients(2, 1, 1))
    assert deep.architecture == scale(B0, phi=1, rule="depth").architecture
    assert deep.provenance()["coefficients"] == {"alpha": 2, "beta": 1, "gamma": 1}


def test_families_by_phis_and_by_targets():
    assert [member.name for member in family(B0, phis=[1, 1.5])] == ["phi1", "phi1.5"]
    for member in family(B0, targets=["500MFLOPs", "1GFLOPs"]):
        assert member.name.endswith(f"-{member.targets[0]}")
        assert 0.95 <= member.share <= 1
    with pytest.raises(UserError, match=r"^a family goes by phis or by targets, got both$"):
        family(B0, phis=[1], targets=["1GFLOPs"])


def test_a_latency_is_measured_and_met_in_hundredths_of_phi():
    """A device that does a GMAC in 10 ms."""
    scaled = scale(B0, target=[Budget.parse("8ms"), "1GFLOPs"], measure=lambda network: cost(network).macs / 1e8)
    assert scaled.cost.macs <= 800e6
    assert scaled.phi == round(scaled.phi, 2)
    assert scale(B0, phi=scaled.phi + 0.01).cost.macs > 800e6
    tight = scale(B0, target=["100ms", "1GFLOPs"], measure=lambda network: cost(network).macs / 1e8)
    assert 0.9e9 < tight.cost.macs <= 1e9
