from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling import FAMILY, family, save_scaled, scale
from scaling.compound import compound, scaled_width
from search_spaces import (
    Architecture,
    Bottleneck,
    Budget,
    Conv,
    FlatHead,
    Pool,
    Stage,
    UserError,
    cost,
    digest,
    load,
)
from search_spaces.known.networks import names

# EfficientNet-B0 to B7, as the paper's reference code and torchvision build them.
PARAMS = (5_288_548, 7_794_184, 9_109_994, 12_233_232, 19_341_616, 30_389_784, 43_040_704, 66_347_960)
B0 = load("efficientnet-b0")


def test_the_family_has_the_published_sizes(library_counts):
    members = family(B0)
    assert tuple(member.cost.params for member in members) == PARAMS
    for member in members:
        assert member.cost.macs == library_counts[f"efficientnet-{member.variant}"]["macs"]


@pytest.mark.parametrize("variant", FAMILY[:5])
def test_scaling_b0_gives_the_known_networks(variant):
    assert scale(B0, variant=variant).architecture == load(f"efficientnet-{variant}")


def test_phi_zero_changes_nothing_and_phi_three_is_not_b3():
    assert scale(B0, phi=0).architecture == B0
    three = scale(B0, phi=3)
    assert three.cost.macs != scale(B0, variant="b3").cost.macs
    assert three.nominal_ratio == pytest.approx((1.2 * 1.1**2 * 1.15**2) ** 3)
    assert "B1 to B7" in three.note


@given(st.floats(-3, 6), st.floats(0, 2))
def test_no_dimension_ever_shrinks_as_phi_grows(phi, more):
    smaller, larger = scale(B0, phi=phi), scale(B0, phi=phi + more)
    assert smaller.cost.macs <= larger.cost.macs
    assert smaller.cost.params <= larger.cost.params


@given(st.integers(1, 2000), st.floats(0.1, 8))
def test_widths_never_move_against_their_multiplier(width, multiplier):
    scaled = scaled_width(width, multiplier)
    assert scaled == width if multiplier == 1 else (scaled >= width if multiplier > 1 else scaled <= width)
    assert scaled == width or scaled % 8 == 0
    assert scaled >= 0.9 * min(width, width * multiplier)


@pytest.mark.parametrize("text", ["1.8GFLOPs", "200MFLOPs", "5Mparams", "40MB", "385.814752MFLOPs"])
def test_the_target_is_the_largest_that_fits(text):
    target = Budget.parse(text)
    largest = scale(B0, target=target)
    assert target.fits(largest.cost)
    assert largest.architecture == scale(B0, phi=largest.phi).architecture
    for step in (1e-6, 1e-3, 0.1, 1.0):
        above = scale(B0, phi=largest.phi + step)
        same = replace(above.architecture.head, dropout=0) == replace(largest.architecture.head, dropout=0)
        assert not target.fits(above.cost) or (same and above.cost == largest.cost)
    below = scale(B0, phi=largest.phi - 1e-9).architecture
    assert replace(below, head=largest.architecture.head) != largest.architecture  # the left end of its step


def plain(image_size, width=8):
    """One convolution and a classifier."""
    return Architecture(image_size=image_size, classes=2, stages=(Stage(Conv(), out=width),))


@pytest.mark.parametrize(
    ("base", "target", "message"),
    [
        (B0, "386..390MFLOPs", r"no φ fits 386\.\.390MFLOPs: the nearest networks cost 385,814,752 and 409,012,576"),
        (B0, "1KFLOPs", "no network is as small as 1KFLOPs: even φ = -40 is too large, and below it phi: must be"),
        (
            plain(8),
            "0.1KFLOPs",
            "no network is as small as 0.1KFLOPs: even φ = -19.84 is too large, .* image_size: ",
        ),
        (
            plain(99_000),
            "900000GFLOPs",
            r"900000GFLOPs is more than .*: φ = 0.07\d* costs .* beyond it image_size",
        ),
        (load("alexnet-2012"), "10GFLOPs", r"10GFLOPs is more than .* beyond it image_size: a flat head without pool"),
        (load("alexnet-2012"), "10MFLOPs", r"no network is as small as .* below it image_size: a flat head without"),
    ],
)
def test_a_target_out_of_reach_is_blamed_on_the_target_with_the_reason(base, target, message):
    with pytest.raises(UserError, match=f"^target: {message}"):
        scale(base, target=Budget.parse(target))


def test_a_step_that_ends_where_the_image_vanishes_is_still_the_largest():
    """At φ below -4.96 the image of one pixel would have none; the width stays 8 on the whole step."""
    smallest = scale(plain(1), target=Budget.parse("0.24KFLOPs"))
    assert smallest.cost.macs == 8 * 27 + 8 * 2 == 232
    assert smallest.phi == pytest.approx(-4.9595, abs=1e-4)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "scaling needs one of phi, variant, target; got none"),
        ({"phi": 1, "variant": "b1"}, "scaling needs one of phi, variant, target; got phi and variant"),
        ({"variant": "b9"}, "variant: must be one of b0, .*, got 'b9'"),
        ({"phi": 99}, "phi: must be a number from -40 to 40, got 99"),
        ({"phi": float("nan")}, "phi: must be a number from -40 to 40, got nan"),
    ],
)
def test_wrong_rules_are_refused(given, message):
    with pytest.raises(UserError, match=f"^{message}$"):
        scale(B0, **given)


def test_groups_keep_dividing():
    base = Architecture(
        image_size=32,
        stem=(Stage(Conv(), out=48), Stage(Pool(), stride=2)),
        stages=(Stage(Bottleneck(groups=12, ratio=0.5), out=48, repeats=2), Stage(Conv(groups=6), out=48)),
    )
    for phi in (-2, 0.5, 1, 2, 3.3):
        scaled = scale(base, phi=phi).architecture
        assert [stage.out % 24 for stage in scaled.stages] == [0, 0]
        assert cost(scaled).params > 0


def test_pools_are_not_repeated_and_modules_are_widened():
    scaled = compound(load("googlenet"), depth=2, width=1.5, resolution=1)
    assert [stage.count for stage in scaled.stages] == [2, 2, 1, 2, 2, 2, 2, 2, 1, 2, 2]
    assert scaled.stages[0].block.widths == (96, 144, 192, 24, 48, 48)


def test_a_head_that_binds_the_image_size_is_refused():
    base = Architecture(image_size=32, stages=(Stage(Conv(), out=8),), head=FlatHead(hidden=()))
    with pytest.raises(UserError, match="binds the image size 32"):
        scale(base, phi=1)


def test_a_saved_member_loads_and_says_where_it_came_from(tmp_path):
    import yaml

    scaled = scale(B0, phi=1.5)
    path = save_scaled(scaled, tmp_path / "b.yaml", B0, "efficientnet-b0")
    assert load(path) == scaled.architecture
    provenance = yaml.safe_load(path.read_text())["provenance"]
    assert provenance["base_digest"] == digest(B0)
    assert (provenance["rule"], provenance["phi"], provenance["realised_ratio"]) == ("phi", 1.5, scaled.ratio)


BOUND = ("alexnet-2012", "zfnet")  # their heads flatten the map of one image size


@pytest.mark.parametrize("name", [name for name in names() if name not in BOUND])
def test_every_known_network_grows_and_shrinks_in_width_and_depth(name):
    base = load(name)
    wide, deep = (cost(compound(base, *factors, 1)) for factors in ((1, 1.3), (1.4, 1)))
    assert wide.params > cost(base).params
    assert wide.macs > cost(base).macs
    assert cost(compound(base, 1, 0.6, 1)).macs < cost(base).macs
    assert deep.macs > cost(base).macs


@pytest.mark.parametrize("name", BOUND)
def test_a_head_that_binds_the_image_size_refuses_another_by_name(name):
    with pytest.raises(UserError, match=r"^image_size: a flat head without pool binds the image size 22[47] "):
        scale(load(name), phi=1)
