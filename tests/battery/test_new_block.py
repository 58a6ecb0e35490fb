"""A new block with a field of its own is one new file and its line in the table: everything else follows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = '''"""A block that no test has ever seen."""

from dataclasses import dataclass

from search_spaces.network.block import Block
from search_spaces.values import an_integer, ruled


@dataclass(frozen=True)
class Tower(Block):
    """As many 3×3 convolutions as it has floors."""

    floors: int = ruled(an_integer(most=3), 2)

    kind = "tower"

    def trace(self, g, x, out, stride, at):
        for floor in range(self.floors):
            x = g.conv_norm_act(x, out, 3, stride=stride if floor == 0 else 1)
        return x
'''


@pytest.fixture
def copy(tmp_path):
    """The project with the new block in it."""
    for folder in ("search_spaces", "scaling", "nas", "tests/battery", "tests/search_spaces", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "tests/conftest.py", "tests/command.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    blocks = tmp_path / "search_spaces" / "network" / "blocks"
    (blocks / "tower.py").write_text(BLOCK, encoding="utf-8")
    table = blocks / "__init__.py"
    text = table.read_text(encoding="utf-8")
    for line, new in (
        (
            "from search_spaces.network.blocks.separable import Separable\n",
            "from search_spaces.network.blocks.tower import Tower\n",
        ),
        ("        NFBlock,\n", "        Tower,\n"),
    ):
        assert line in text
        text = text.replace(line, line + new)
    table.write_text(text, encoding="utf-8")
    return tmp_path


def run(folder, *words):
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_new_block_is_tested_and_documented_by_itself(copy):
    page = "tests/search_spaces/test_language_page.py"
    before = run(copy, "-m", "pytest", page, "-k", "reference")
    assert "2 failed" in before.stdout, before.stdout  # the page is known to be old
    assert run(copy, "docs/reference.py", "docs/language.md").returncode == 0
    assert "| `floors` | `2` | an integer of at least 1 and at most 3 |" in (copy / "docs/language.md").read_text()
    after = run(copy, "-m", "pytest", page, "tests/battery/test_blocks.py", "-k", "reference or tower")
    assert after.returncode == 0, after.stdout
    passed = int(after.stdout.split(" passed")[0].split()[-1])
    assert passed >= 7  # every check of the battery
