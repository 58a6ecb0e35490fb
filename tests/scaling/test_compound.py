from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling import scale
from scaling.compound import compound, scaled_side, scaled_width, widths_of
from search_spaces import Architecture, Bottleneck, Conv, FlatHead, Head, MBConv, Pool, Stage, UserError, cost, load
from search_spaces.known.networks import names

BOUND = ("alexnet-2012", "zfnet")  # their heads flatten the map of one image size


@given(st.integers(1, 2000), st.floats(0.1, 8), st.sampled_from([8, 24, 40]))
def test_widths_never_move_against_their_multiplier_and_divide(width, multiplier, divisor):
    scaled = scaled_width(width, multiplier, divisor)
    assert scaled == width if multiplier == 1 else (scaled >= width if multiplier > 1 else scaled <= width)
    assert scaled == width or scaled % divisor == 0
    assert scaled >= 0.9 * min(width, width * multiplier)


@given(st.integers(1, 600), st.floats(1, 8), st.sampled_from([1, 4, 32]), st.none() | st.integers(600, 700))
def test_image_sizes_grow_to_multiples_and_to_their_bound(side, multiplier, multiple, most):
    scaled = scaled_side(side, multiplier, multiple, most)
    assert side <= scaled <= (most or 4800 + multiple)
    assert scaled == side or scaled % multiple == 0
    assert scaled_side(side, 1, multiple, most) == side


def test_a_small_image_shrinks_by_pixels_where_it_has_no_whole_multiple():
    assert scaled_side(16, 0.75, 32) == 12
    assert scaled_side(64, 0.2, 32) == 32
    assert scaled_side(48, 0.9, 32) == 32


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


def test_a_block_given_for_each_repeat_is_widened_too():
    base = Architecture(image_size=16, stages=(Stage(each=MBConv(inner=24), out=16, repeats=2),))
    scaled = compound(base, depth=1.5, width=2, resolution=1).stages[0]
    assert (scaled.out, scaled.each.inner, scaled.repeats) == (32, 48, 3)


def test_all_widths_that_are_multiplied_are_told_in_order():
    base = Architecture(
        stem=(Stage(Conv(), out=8),), stages=(Stage(MBConv(inner=24), out=16, repeats=3),), head=Head(out=32)
    )
    assert widths_of(base) == [8, 16, 24, 32]


def test_a_head_that_binds_the_image_size_is_refused():
    base = Architecture(image_size=32, stages=(Stage(Conv(), out=8),), head=FlatHead(hidden=()))
    with pytest.raises(UserError, match="binds the image size 32"):
        scale(base, phi=1)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_a_multiplier_must_be_a_positive_number(value):
    with pytest.raises(UserError, match=f"^depth: must be a positive number, got {value}$"):
        compound(load("efficientnet-b0"), value, 1, 1)


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
