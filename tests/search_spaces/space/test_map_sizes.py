from __future__ import annotations

import pytest

from search_spaces import least
from search_spaces.known.spaces import names, space
from search_spaces.space.map_sizes import decisions_without_effect, last_side

MBCONV = space("mbconv")


def without_effect(size: int) -> list[str]:
    return decisions_without_effect(MBCONV, least(MBCONV).at(size, 10))


def test_the_last_stage_sees_a_map_that_its_strides_leave():
    assert [last_side(least(MBCONV).at(size, 10)) for size in (224, 128, 64, 8)] == [7, 4, 2, 1]


def test_kernels_that_reach_over_the_whole_map_are_named():
    assert without_effect(128) == []
    assert "stages.6.block.kernel" in without_effect(64)  # 2×2: a 3×3 reaches everything, a 5×5 sees nothing more
    assert "stages.5.block.kernel" not in without_effect(64)  # its first block strides from 4×4
    assert "stages.4.block.kernel" in without_effect(32)
    assert all(name.endswith(".kernel") for name in without_effect(8))


@pytest.mark.parametrize("name", names())
def test_every_ready_space_can_be_asked(name):
    network = least(space(name)).at(64, 10)
    assert (last_side(network) < 4) == (name != "nas-bench-macro")  # made for 32 px, it ends at 8×8
    assert ("stages.9.block.large" in decisions_without_effect(space(name), network)) == (name == "inception")


def test_on_a_named_stage_both_kernels_are_the_same_function():
    """The claim itself: the outer ring of a 5×5 kernel changes nothing on a map of 2×2."""
    import torch

    x, weight = torch.randn(1, 3, 2, 2), torch.randn(4, 3, 5, 5)
    outer = weight.clone()
    outer[:, :, 1:4, 1:4] = 0
    for stride in (1, 2):
        assert torch.nn.functional.conv2d(x, outer, stride=stride, padding=2).abs().max() == 0
    assert torch.nn.functional.conv2d(torch.randn(1, 3, 3, 3), outer, padding=2).abs().max() > 0
