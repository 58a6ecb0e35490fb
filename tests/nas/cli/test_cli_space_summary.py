from __future__ import annotations

import subprocess
import sys

import pytest

from nas.cli.space_summary import small_map_lines
from search_spaces import least
from search_spaces.known.spaces import space


@pytest.mark.parametrize(("size", "lines"), [(128, 0), (64, 2), (8, 2)])
def test_a_last_map_below_four_pixels_is_said_with_what_it_hides(size, lines):
    mbconv = space("mbconv")
    said = small_map_lines(mbconv, least(mbconv).at(size, 10))
    assert len(said) == lines
    assert not said or ("below 4×4" in said[0] and "stages.6.block.kernel" in said[1])


def test_fast_commands_import_no_torch():
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
