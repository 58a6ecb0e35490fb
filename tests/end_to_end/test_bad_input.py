"""Every mistake of a user: one clear line on stderr, exit code 2, nothing written, no traceback."""

from __future__ import annotations

import os
import sys

import pytest

from nas.cli import main

NETWORK = """\
schema: 1
image_size: 32
classes: 10
stem:
- {block: {conv: {kernel: 3}}, out: 8}
stages:
- {block: {conv: {kernel: 3}}, out: 8}
head: {pooled: {out: 16}}
"""


@pytest.fixture
def refused(nas, tmp_path):
    """Run a command that must be refused; returns its one line."""

    def run(*words: object) -> str:
        before = sorted(tmp_path.rglob("*"))
        done = nas(*words)
        assert done.code == 2, (done.out, done.err)
        assert done.err.count("\n") == 1, done.err
        assert done.err.startswith("nas")
        assert "Traceback" not in done.err
        assert sorted(tmp_path.rglob("*")) == before
        return done.err

    return run


def search(*more: object) -> tuple[object, ...]:
    return ("search", "--space", "nas-bench-macro", "--budget", "100MFLOPs", *more)


def test_the_file_that_the_mistakes_are_made_in_is_sound(nas, tmp_path):
    (tmp_path / "net.yaml").write_text(NETWORK)
    assert nas("cost", "net.yaml").code == 0


@pytest.mark.parametrize(
    "budget", ["400", "-3MFLOPs", "400MFLOPS/s", "1e999GFLOPs", "", "MFLOPs", "nanMFLOPs", "0MFLOPs"]
)
@pytest.mark.parametrize("command", ["search", "spaces", "scale"])
def test_malformed_budgets(refused, budget, command):
    words = {
        "search": ("search", "--space", "mbconv", "--budget", budget),
        "spaces": ("spaces", "mbconv", "--budget", budget),
        "scale": ("scale", "efficientnet-b0", "--target", budget),
    }
    assert repr(budget) in refused(*words[command])


@pytest.mark.parametrize("command", [("search", "--budget", "400MFLOPs", "--space"), ("spaces",)])
def test_unknown_space(refused, command):
    assert "'nope'" in refused(*command, "nope")


def test_a_network_is_no_space_and_a_space_no_network(refused):
    assert "is a network" in refused("spaces", "efficientnet-b0")
    assert "is a space" in refused("cost", "mbconv")


def test_budget_below_the_smallest_network_names_its_cost(refused):
    line = refused("search", "--space", "mbconv", "--budget", "1MFLOPs")
    assert "111,535,096" in line
    assert "7,713,280" in refused("spaces", "nas-bench-macro", "--budget", "1MFLOPs")


def test_budget_range_above_the_greatest_network_names_its_cost(refused):
    assert "105,660,928" in refused("search", "--space", "nas-bench-macro", "--budget", "1..2GFLOPs")


@pytest.mark.parametrize("name", ["nope", "efficientnet-b99", "no/such/file.yaml"])
def test_unknown_network(refused, name):
    assert name in refused("cost", name)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (NETWORK.replace("stages:", "stagse:"), "stagse"),
        (NETWORK.replace("kernel: 3", "kernle: 3"), "kernle"),
        (NETWORK.replace("image_size: 32", "image_size: wide"), "wide"),
        (NETWORK.replace("image_size: 32", "image_size: [32]"), "image_size"),
        (NETWORK.replace("out: 8", "out: -8"), "-8"),
        (NETWORK.replace("{conv: {kernel: 3}}", "{unheard: {}}"), "unheard"),
        (NETWORK.replace("schema: 1", "schema: 99"), "99"),
        ("stages: &a [*a]\n", "line 1: anchors and aliases (& and *) are not allowed"),
        ("a: &a {b: *a}\n", "anchors and aliases"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors and aliases"),
        ("!!python/object/apply:os.system ['true']\n", "tags (!) are not allowed"),
        ("[1, 2", "not valid YAML"),
        ("", "must hold keys and values"),
        ("\x00\x01", "not valid YAML"),
    ],
)
def test_broken_files(refused, tmp_path, broken, message):
    (tmp_path / "net.yaml").write_text(broken)
    line = refused("cost", "net.yaml")
    assert "net.yaml" in line
    assert message in line
    refused("spaces", "net.yaml")


def test_an_alias_bomb_ends_at_once(refused, tmp_path):
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    (tmp_path / "net.yaml").write_text(f"a0: &a0 [x, x]\n{levels}")
    assert "net.yaml: line 1: anchors and aliases" in refused("cost", "net.yaml")


def test_a_file_that_is_not_text(refused, tmp_path):
    (tmp_path / "net.yaml").write_bytes(bytes(range(256)))
    assert "net.yaml: not UTF-8 text" in refused("cost", "net.yaml")


def test_a_very_large_file(refused, tmp_path):
    (tmp_path / "net.yaml").write_text("x" * 5_000_000)
    assert "net.yaml is larger than 1000000 bytes" in refused("cost", "net.yaml")


def test_a_folder_that_is_no_study(refused, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "base.yaml" in refused("cost", "empty")
    for words in (("report", "empty"), ("report", "nowhere", "--text")):
        assert f"{words[1]} is not a study" in refused(*words)
    assert "empty: no study here" in refused("studies", "show", "empty")


def test_studies_removes_nothing_but_studies(refused, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "study.yaml").write_text("mine")
    assert "precious: no study here" in refused("studies", "rm", "precious", "--yes")
    assert "needs the folder of a study" in refused("studies", "rm")
    assert (tmp_path / "precious" / "study.yaml").read_text() == "mine"


@pytest.mark.parametrize("out", ["file/net.yaml", "/proc/nas/net.yaml"])
def test_scale_where_nothing_can_be_written(refused, tmp_path, out):
    (tmp_path / "file").write_text("a file where a folder should be")
    assert "--out" in refused("scale", "efficientnet-b0", "--phi", "1", "--out", out)


def test_samples_where_nothing_can_be_written(refused, tmp_path):
    (tmp_path / "file").write_text("")
    assert "--out" in refused("spaces", "nas-bench-macro", "--sample", "2", "--out", "file")
    assert "needs --sample" in refused("spaces", "nas-bench-macro", "--out", "drawn")


@pytest.mark.parametrize(
    "words",
    [
        ("--trials", "0"),
        ("--trials", "many"),
        ("--time", "soon"),
        ("--sampler", "magic"),
        ("--pruner", "magic"),
        ("--workers", "0"),
        ("--seed", "-1"),
        ("--image-size", "0"),
        ("--recipe", "no-such-recipe"),
        ("--data", "no-such-data"),
        ("--device", "no-such-device"),
    ],
)
def test_wrong_options_of_a_search(refused, words):
    option, value = words
    line = refused(*search(*words))
    assert option.removeprefix("--") in line
    assert value in line


@pytest.mark.parametrize(
    "words", [("--phi", "nan"), ("--phi", "inf"), ("--phi", "1e6"), ("--phi", "x"), ("--variant", "b99")]
)
def test_wrong_options_of_a_scaling(refused, words):
    option, value = words
    line = refused("scale", "efficientnet-b0", *words)
    assert option.removeprefix("--") in line
    assert (value if value != "1e6" else "1000000.0") in line


def test_a_folder_without_images(refused, tmp_path):
    (tmp_path / "photos" / "cats").mkdir(parents=True)
    (tmp_path / "photos" / "dogs").mkdir()
    assert "photos" in refused(*search("--data", "folder:photos"))
    assert "nowhere" in refused(*search("--data", "folder:nowhere"))


def test_a_corrupt_image_is_named(refused, tmp_path):
    from PIL import Image

    for kind, grey in (("cats", 40), ("dogs", 200)):
        folder = tmp_path / "photos" / kind
        folder.mkdir(parents=True)
        for index in range(12):
            Image.new("RGB", (16, 16), (grey, grey, index)).save(folder / f"{index}.png")
    (tmp_path / "photos" / "dogs" / "5.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    assert "5.png" in refused(*search("--data", "folder:photos"))


def test_an_output_folder_that_holds_something_else(refused, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("not a study")
    assert "mine is not empty and holds no study" in refused(*search("--out", "mine"))


def test_another_system_than_posix(capsys, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        patch.setattr(sys, "platform", "win32")
        assert main(["cost", "efficientnet-b0"]) == 1
    assert capsys.readouterr().err == "nas: nas runs on Linux and macOS (on Windows: in WSL), not on win32\n"


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs /proc, where nobody may write")
def test_a_study_where_nothing_can_be_written(refused, tmp_path):
    (tmp_path / "file").write_text("")
    assert "file is a file; a study needs a folder" in refused(*search("--out", "file"))
    for folder in ("file/inside", "/proc/nas"):
        assert f"{folder} cannot be written" in refused(*search("--out", folder))
