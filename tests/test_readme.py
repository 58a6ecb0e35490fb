"""The README's examples do what they say."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from nas.training.recipes import MEASURED, RECIPES
from search_spaces import BLOCKS, cost, load
from search_spaces.files.codec import from_data
from search_spaces.files.strict_yaml import parse
from search_spaces.known.networks import names
from search_spaces.known.spaces import SPACES
from search_spaces.network.heads import HEADS

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


def test_the_rows_told_are_rows():
    own = from_data({"schema": 1, "image_size": 16, "stages": parse(blocks("yaml")[1])})
    assert [row.out for row in own.stages] == [16, None]


@pytest.mark.parametrize("kind", [*BLOCKS, *HEADS])
def test_every_field_of_a_block_or_head_is_told_with_its_default(kind):
    """A file can be written from the README alone."""
    for each in (table[kind] for table in (BLOCKS, HEADS) if kind in table):
        told = [line for line in README.splitlines() if line.startswith(f"| `{kind}` |")]
        for own in fields(each):
            assert any(f"`{own.name}`" in line for line in told), own.name
            if type(own.default) in (int, float, bool):
                assert any(f"`{own.name}` {str(own.default).lower()}" in line for line in told), own.name


@pytest.mark.parametrize("name", [*names(), *SPACES])
def test_every_network_and_space_is_named(name):
    family = name.removesuffix("-bn").rsplit("-", 1)[0]
    assert f"`{name}`" in README or f"`{family}-" in README


def test_the_count_of_b0_is_the_one_told():
    assert f"EfficientNet-B0 has {cost(load('efficientnet-b0')).macs:,}" in README


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`(nas [a-z]+)[ `]", README))))
def test_every_command_named_exists(command):
    from nas.cli import main

    assert main([command.split()[1], "--help"]) == 0


def test_what_recipes_gave_stands_beside_each_name():
    assert MEASURED.keys() == RECIPES.keys()
    for name, text in MEASURED.items():
        [row] = [line for line in README.splitlines() if line.startswith(f"| `{name}` |") and "epochs" in line]
        assert text in row, name
