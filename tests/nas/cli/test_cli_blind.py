from __future__ import annotations

import pytest

from nas.cli.blind import blind_lines
from search_spaces import least
from search_spaces.known.spaces import names, space

MBCONV = space("mbconv")


def blind(size: int) -> str:
    return " ".join(blind_lines(MBCONV, least(MBCONV).at(size, 10)))


def test_a_map_of_four_pixels_hides_nothing():
    assert blind(128) == ""


def test_kernels_that_reach_over_the_whole_map_are_named():
    assert "stages.6.block.kernel" in blind(64)  # 2×2: a 3×3 reaches everything, a 5×5 sees nothing more
    assert "stages.5.block.kernel" not in blind(64)  # its first block strides from 4×4
    assert "stages.4.block.kernel" in blind(32)
    assert "expand_ratio" not in blind(8)


@pytest.mark.parametrize("name", names())
def test_every_ready_space_can_be_asked(name):
    own = space(name)
    lines = " ".join(blind_lines(own, least(own).at(64, 10)))
    assert ("last stage sees a map" in lines) == (name != "nas-bench-macro")  # made for 32 px, it ends at 8 × 8
    if name == "inception":
        assert "stages.9.block.large" in lines


def test_on_a_named_stage_both_kernels_are_the_same_function():
    """The claim itself: the outer ring of a 5×5 kernel changes nothing on a map of 2×2."""
    import torch

    x, weight = torch.randn(1, 3, 2, 2), torch.randn(4, 3, 5, 5)
    outer = weight.clone()
    outer[:, :, 1:4, 1:4] = 0
    for stride in (1, 2):
        assert torch.nn.functional.conv2d(x, outer, stride=stride, padding=2).abs().max() == 0
    assert torch.nn.functional.conv2d(torch.randn(1, 3, 3, 3), outer, padding=2).abs().max() > 0


def test_fast_commands_import_no_torch():
    import subprocess
    import sys

    code = (
        "import sys; from nas.cli import main;"
        "heavy = lambda: [m for m in ('torch', 'optuna', 'numpy', 'pandas', 'plotly') if m in sys.modules];"
        "[main(line.split()) for line in ('cost efficientnet-b7', 'scale efficientnet-b0 --variant b7', 'networks',"
        " 'spaces', 'studies --root nowhere', '--help')];"
        "print(heavy(), file=sys.stderr);"
        "main('spaces nas-bench-macro --budget 50MFLOPs'.split()); print(heavy(), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == ["[]", "['numpy']"]  # counting is NumPy's
