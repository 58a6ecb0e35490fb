"""The README's examples do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from search_spaces import cost, load
from search_spaces.codec import from_data
from search_spaces.strict_yaml import parse

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_space_in_python_is_the_space_in_yaml():
    names: dict = {}
    exec(blocks("python")[0], names)
    assert from_data(parse(blocks("yaml")[0])) == names["space"]
    assert f"print(space.size)  # {names['space'].size}" in README


def test_the_block_from_outside_works(tmp_path):
    names: dict = {"__name__": "my_blocks"}
    exec(blocks("python")[1], names)
    path = tmp_path / "net.yaml"
    path.write_text("schema: 1\nimage_size: 8\nclasses: 2\nstages:\n- {block: {twice: {}}, out: 4}\n")
    assert cost(load(path, blocks=names["BLOCKS"])).params == 3 * 4 * 9 + 8 + 4 * 4 * 9 + 8 + 4 * 2 + 2


def test_the_count_of_b0_is_the_one_told():
    assert f"EfficientNet-B0 has {cost(load('efficientnet-b0')).macs:,}" in README


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`(nas [a-z]+)[ `]", README))))
def test_every_command_named_exists(command):
    from nas.cli import main

    assert main([command.split()[1], "--help"]) == 0
