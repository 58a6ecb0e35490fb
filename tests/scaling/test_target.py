from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scaled_bases import drawn

from scaling import RULES, scale
from search_spaces import Architecture, Budget, Conv, Stage, UserError, cost, load

B0 = load("efficientnet-b0")


def without_dropout(architecture):
    return replace(architecture, head=replace(architecture.head, dropout=0))


@pytest.mark.parametrize("text", ["1.8GFLOPs", "200MFLOPs", "5Mparams", "40MB", "60MBpeak", "385.814752MFLOPs"])
@pytest.mark.parametrize("rule", ["efficientnet", "fast", "width"])
def test_phi_is_the_largest_that_fits_against_a_fine_scan(text, rule):
    target = Budget.parse(text)
    scaled = scale(B0, target=target, rule=rule)
    at_phi = scale(B0, phi=scaled.phi, rule=rule)
    assert target.fits(scaled.cost)
    assert target.fits(at_phi.cost)
    for step in (2e-6, *(0.001 * index for index in range(1, 200)), 0.5, 1.0):
        above = scale(B0, phi=scaled.phi + step, rule=rule)
        assert not target.fits(above.cost) or without_dropout(above.architecture) == without_dropout(
            at_phi.architecture
        )


def test_phi_is_the_roundest_of_its_step():
    largest = scale(B0, target="1.8GFLOPs")
    assert largest.phi == round(largest.phi, 3)
    below = scale(B0, phi=largest.phi - 0.001).architecture
    assert without_dropout(below) != without_dropout(scale(B0, phi=largest.phi).architecture)
    assert largest.name == f"phi{largest.phi:.2f}-1.8GFLOPs"


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.floats(1.02, 12))
def test_targets_of_mbconv_bases_above_100_m_are_used_to_95_percent(seed, factor):
    base = drawn("mbconv", seed, image_size=224)
    assert cost(base).macs > 100e6
    assert scale(base, target=f"{factor * cost(base).macs / 1e6:.3f}MFLOPs").share >= 0.95


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.sampled_from([32, 48, 64]), st.floats(1.1, 8))
def test_targets_of_small_mbconv_bases_are_used_to_85_percent(seed, side, factor):
    base = drawn("mbconv", seed, image_size=side)
    assert cost(base).macs < 100e6
    assert scale(base, target=f"{factor * cost(base).macs / 1e6:.3f}MFLOPs").share >= 0.85


def test_a_tiny_base_uses_its_target_by_single_steps_which_are_said():
    base = drawn("mobile-small", 0, image_size=32).at(classes=10)
    scaled = scale(base, target=f"{3.7 * cost(base).macs / 1e6:.4f}MFLOPs")
    assert scaled.share >= 0.85
    uniform = scale(base, phi=scaled.phi).architecture
    assert {move.what for move in scaled.moves} <= {
        "image_size",
        "head.out",
        *(f"{row}.{what}" for row, _, _ in base.rows() for what in ("out", "repeats")),
    }
    assert bool(scaled.moves) == (without_dropout(uniform) != without_dropout(scaled.architecture))
    assert all(move.after > move.before for move in scaled.moves)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.sampled_from(sorted(RULES)), st.floats(1, 6))
def test_no_target_is_passed_and_no_dimension_falls_behind_phi(seed, rule, factor):
    base = drawn("mbconv", seed)
    limit = Budget.parse(f"{factor * cost(base).macs / 1e6:.4f}MFLOPs")
    assume(limit.high >= cost(base).macs)
    scaled = scale(base, target=limit, rule=rule)
    uniform = scale(base, phi=scaled.phi, rule=rule).architecture
    assert limit.fits(scaled.cost)
    assert scaled.architecture.image_size >= uniform.image_size
    for row, same in zip(scaled.architecture.stages, uniform.stages, strict=True):
        assert (row.out >= same.out, row.count >= same.count) == (True, True)


def test_several_targets_hold_at_once():
    both = scale(B0, target=["1GFLOPs", "6Mparams"])
    assert both.cost.macs <= 1e9
    assert both.cost.params <= 6e6
    assert both.share >= 0.95


def test_pixels_do_not_run_ahead_where_parameters_are_limited():
    scaled = scale(B0, target="8Mparams")
    assert scaled.architecture.image_size == scale(B0, phi=scaled.phi).architecture.image_size


def test_a_target_that_is_not_used_says_the_next_step():
    loose = scale(load("vgg-11"), target="8.5GFLOPs", rule="depth")
    assert loose.share < 0.95
    assert loose.notes[0].startswith(f"{100 * loose.share:.1f} % of 8.5GFLOPs: the next single step, stages.")


def plain(image_size, width=8):
    """One convolution and a classifier."""
    return Architecture(image_size=image_size, classes=2, stages=(Stage(Conv(), out=width),))


@pytest.mark.parametrize(
    ("base", "target", "message"),
    [
        (
            B0,
            "385.82..385.83MFLOPs",
            r"no φ fits 385\.82\.\.385\.83MFLOPs: the nearest networks cost 385,814,752 and 38\d,",
        ),
        (B0, "1KFLOPs", "no network is as small as 1KFLOPs: even φ = -40 is too large, and below it phi: must be"),
        (
            plain(8),
            "0.1KFLOPs",
            "no network is as small as 0.1KFLOPs: even φ = -19.84 is too large, .* image_size: ",
        ),
        (
            plain(64_000),
            "400000GFLOPs",
            r"400000GFLOPs is more than .*: φ = 0.16\d* costs .* beyond it image_size",
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
    assert smallest.phi == -4
