from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest

from search_spaces import Architecture, Block, Space, Stage, UserError, cost, load, save
from search_spaces.files.codec import MAX_BYTES, from_data, to_data
from search_spaces.files.outside import outside_blocks
from search_spaces.files.strict_yaml import dump

GOOD = """
schema: 1
image_size: 32
classes: 10
stem:
- {block: {conv: {kernel: 3}}, out: 16}
stages:
- {block: {mbconv: {kernel: {choice: [3, 5]}, expand_ratio: 4}}, out: 24, repeats: 2, stride: 2}
head:
  pooled: {out: 64}
"""


def test_yaml_is_a_space_where_anything_is_open(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    space = load(path)
    assert isinstance(space, Space)
    assert (space.name, space.size) == ("mine", 2)
    path.write_text(GOOD.replace("{choice: [3, 5]}", "5"))
    assert isinstance(load(path), Architecture)


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
@pytest.mark.parametrize("name", ["mbconv", "nas-bench-macro", "googlenet", "resnet-50", "efficientnet-b5"])
def test_save_and_load_keep_equality(name, suffix, tmp_path):
    assert load(save(load(name), tmp_path / f"{name}{suffix}")) == load(name)


def test_provenance_is_kept_aside(tmp_path):
    path = save(load("resnet-18"), tmp_path / "a.json", provenance={"base": "x"})
    assert json.loads(path.read_text())["provenance"] == {"base": "x"}
    assert load(path) == load("resnet-18")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("expand_ratio", "expand_ration"),
            r"stages\.0\.block\.mbconv: unknown key 'expand_ration'; known are kernel, ",
        ),
        (("out: 24", "out: wide"), r"stages\.0\.out: must be an integer of at least 1, got 'wide'$"),
        (("expand_ratio: 4", "expand_ratio: -1"), r"stages\.0\.block\.mbconv\.expand_ratio: must be .* got -1$"),
        (("mbconv", "mbconf"), r"stages\.0\.block: must be one of conv, .*, got 'mbconf'$"),
        (("[3, 5]", "[]"), r"stages\.0\.block\.mbconv\.kernel: a choice needs at least one option, got none$"),
        (("[3, 5]", "[3, 3.0]"), r"stages\.0\.block\.mbconv\.kernel: options must differ, got 3 twice$"),
        (("[3, 5]", "7"), r"stages\.0\.block\.mbconv\.kernel\.choice: must be a list of options, got 7$"),
        (("out: 24", "out: 1_000"), r"stages\.0\.out: must be an integer of at least 1, got '1_000'$"),
        (("repeats: 2", "repeats: on"), r"stages\.0\.repeats: must be an integer .*, got 'on'$"),
        (
            ("classes: 10", "classes: 12:30"),
            r"classes: must be an integer of at least 1 and at most 1073741824, got '12:30'$",
        ),
        (("schema: 1", "schema: 2"), r"schema: must be 1, got 2$"),
        (("schema: 1", ""), r"schema: must be 1, got None$"),
        (("image_size: 32", "image_size: 32\nimage_size: 64"), r"line 4: the key 'image_size' stands twice$"),
        (("classes: 10", "classes: &c 10\nin_channels: *c"), r"anchors and aliases \(& and \*\) are not allowed$"),
        (("stages:", "stages: {a: 1}\nx:"), r"must be a list|unknown key"),
    ],
)
def test_wrong_files_name_path_rule_and_value(change, message, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace(*change))
    with pytest.raises(UserError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_alias_bombs_and_deep_nesting_end_at_once(tmp_path):
    bomb = "a: &a [x, x]\n" + "".join(
        f"{c}: &{c} [*{p}, *{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    for text in (bomb, "[" * 5000, "a: " + "{a: " * 5000, "x" * (MAX_BYTES + 1)):
        path = tmp_path / "bomb.yaml"
        path.write_text(text)
        with pytest.raises(UserError):
            load(path)


def test_missing_files_and_unknown_names():
    with pytest.raises(UserError, match=r"^cannot read nowhere\.yaml: No such file or directory$"):
        load("nowhere.yaml")
    with pytest.raises(UserError, match=r"^'mbcon' is neither a file nor a name; did you mean 'mbconv'"):
        load("mbcon")


@dataclass(frozen=True)
class Twice(Block):
    """Two plain convolutions: a block from outside the package."""

    kind = "twice"

    def trace(self, g, x, out, stride, at):
        return g.conv_norm_act(g.conv_norm_act(x, out, 3, stride=stride), out, 3)


def test_blocks_from_outside_the_package(tmp_path):
    network = Architecture(image_size=8, classes=2, stages=(Stage(Twice(), out=4, stride=2),))
    path = save(network, tmp_path / "twice.yaml")
    assert load(path, blocks={"twice": Twice}) == network
    assert cost(network).params == 3 * 4 * 9 + 8 + 4 * 4 * 9 + 8 + 4 * 2 + 2
    with pytest.raises(UserError, match=r"stages\.0\.block: must be one of .*, got 'twice'$"):
        load(path)


def test_a_block_from_outside_cannot_take_the_name_of_one_of_the_package():
    with pytest.raises(UserError, match=r"^blocks: 'conv' is a block of the package: call yours otherwise$"):
        from_data(to_data(load("resnet-18")), blocks={"conv": Twice})


def test_files_are_written_for_people():
    lines = dump(to_data(load("mbconv"))).splitlines()
    assert lines[0] == "schema: 1"
    assert sum(line.startswith("- {block:") for line in lines) == 8


def test_a_module_of_blocks_may_lie_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blocks_of_mine.py").write_text(
        "from search_spaces import Conv\n\nclass Mine(Conv):\n    kind = 'mine'\n\nBLOCKS = {'mine': Mine}\n"
    )
    assert list(outside_blocks("blocks_of_mine")) == ["mine"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("BLOCKS = {'twice': int}", r"^blocks: 'bad_0' needs a table BLOCKS"),
        ("BLOCKS = {'other': __import__('search_spaces').Conv}", r"^blocks: 'bad_1' needs a table BLOCKS"),
        ("x = 1", r"^blocks: 'bad_2' needs a table BLOCKS"),
        ("def", r"^blocks: cannot import 'bad_3' \(SyntaxError: "),
        ("raise SystemExit(3)", r"^blocks: cannot import 'bad_4' \(SystemExit: 3\)$"),
    ],
)
def test_a_module_without_blocks_is_one_clear_line(text, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = re.search(r"bad_\d", message)[0]
    (tmp_path / f"{name}.py").write_text(text)
    with pytest.raises(UserError, match=message):
        outside_blocks(name)


@pytest.mark.parametrize("name", ["", "../x", ".x", "no_such_module"])
def test_what_is_no_module_is_refused(name):
    with pytest.raises(UserError, match=r"^blocks: cannot import"):
        outside_blocks(name)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"imagesize": 8}, r"^unknown key 'imagesize'; known are schema, name, .*image_size"),
        ({"image_size": [8, 16]}, r"got \(8, 16\) \(several to choose from are written "),
        (
            {
                "stages": [
                    {"block": {"conv": {}}, "each": {"choice": [{"conv": {}}, {"conv": {"kernel": 1}}]}, "out": 4}
                ]
            },
            r"^stages\.0: needs one of block, each, blocks; got block and each$",
        ),
    ],
)
def test_a_slip_gets_a_hint(changed, said):
    with pytest.raises(UserError, match=said):
        from_data({"schema": 1, "image_size": 8, **changed})
