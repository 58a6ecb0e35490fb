from __future__ import annotations

import math
from pathlib import Path

import pytest

from scaling import RULES, scale
from scaling.rules import inner, later, nearest_repeats
from search_spaces import load

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
B0 = load("efficientnet-b0")


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_every_rule_doubles_the_cost_nominally_and_is_on_the_page_with_its_source(rule):
    assert 1.9 < rule.coefficients.nominal < 2.01
    [row] = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{rule.name}` |")]
    c = rule.coefficients
    assert f"| {c.alpha:.4g} | {c.beta:.4g} | {c.gamma:.4g} |" in row
    assert rule.source.partition(",")[0] in row


@pytest.mark.parametrize(("rule", "moved"), [("depth", "depth"), ("width", "width"), ("resolution", "image")])
def test_a_single_dimension_moves_alone(rule, moved):
    scaled = scale(B0, phi=2, rule=rule).architecture
    assert (scaled.image_size != B0.image_size) == (moved == "image")
    assert ([s.count for s in scaled.stages] != [s.count for s in B0.stages]) == (moved == "depth")
    assert ([s.out for s in scaled.stages] != [s.out for s in B0.stages]) == (moved == "width")


def test_fast_compound_scaling_is_d1_w8_g8_r1():
    """A factor s is shared as d = s^0.1, w² = s^0.8, r² = s^0.1 (Dollár et al. 2021); 4 px is what images go by."""
    depth, width, resolution = RULES["fast"].multipliers(3)
    assert (depth, width**2, resolution**2) == pytest.approx((8**0.1, 8**0.8, 8**0.1))
    assert scale(load("resnext-50-32x4d"), phi=3, rule="fast").architecture.image_size % 4 == 0


def test_group_widths_grow_with_the_widths_by_the_fast_rule():
    scaled = scale(load("resnext-50-32x4d"), phi=2, rule="fast").architecture
    assert {stage.block.groups for stage in scaled.stages} == {32}
    assert all(stage.out * stage.block.ratio % 32 == 0 for stage in scaled.stages)


def test_efficientnetv2_deepens_later_stages_more_and_stays_at_480_px():
    s = load("efficientnetv2-s")
    scaled = scale(s, phi=3, rule="efficientnetv2")
    growth = [deep.count / row.count for row, deep in zip(s.stages, scaled.architecture.stages, strict=True)]
    assert growth[0] < growth[-1]
    assert scaled.architecture.image_size == 480
    assert math.fsum(later(6)) == pytest.approx(6)


def test_resnet_rs_deepens_the_inner_stages():
    scaled = scale(load("resnet-50"), phi=2, rule="resnet-rs").architecture
    counts = [stage.count for stage in scaled.stages]
    assert (counts[0], counts[3]) == (3, 3)
    assert counts[1] > 4
    assert inner(2) == (1, 1)


@pytest.mark.parametrize(("repeats", "multiplier", "expected"), [(1, 1.4, 1), (1, 1.5, 2), (2, 1.2, 2), (3, 0.1, 1)])
def test_repeats_are_rounded_to_the_nearest(repeats, multiplier, expected):
    assert nearest_repeats(repeats, multiplier) == expected


def test_coatnet_ends_at_the_last_row_of_its_table():
    """From CoAtNet-0 to 4 the stages 2 and 3 go from 8 blocks to 40, every width doubles, images stay at 224 px."""
    rule = RULES["coatnet"]
    phi = math.log(40 / 8) / math.log(rule.coefficients.alpha)
    assert rule.multipliers(phi) == pytest.approx((5, 2, 1))
    scaled = scale(load("resnet-50"), phi=phi, rule=rule).architecture
    assert [stage.count for stage in scaled.stages] == [3, 20, 30, 3]
    assert [stage.out for stage in scaled.stages] == [512, 1024, 2048, 4096]
    assert scaled.image_size == 224
