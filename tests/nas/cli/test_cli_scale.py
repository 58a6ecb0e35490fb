from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from nas.training.recipes import recipe_of
from nas.training.stored_recipe import stored_recipe
from scaling import RULES
from search_spaces import cost, digest, load, save
from search_spaces.files.strict_yaml import dump
from search_spaces.known.networks import network

PARAMS = [5288548, 7794184, 9109994, 12233232, 19341616, 30389784, 43040704, 66347960]


@pytest.mark.parametrize(("variant", "params"), [(f"b{n}", p) for n, p in enumerate(PARAMS)])
def test_variants_are_exact(nas, variant, params):
    data = nas("scale", "efficientnet-b0", "--variant", variant, "--json").data
    assert data["scaled"]["params"] == params


def test_family_is_exact(nas):
    assert [m["params"] for m in nas("scale", "--family", "--json").data["family"]] == PARAMS


def test_a_family_takes_no_torch_and_little_time():
    """Of the command itself: at most 0.7 s of this process's CPU time."""
    program = (
        "import sys, time; from nas.cli import main; code = main(['scale', 'efficientnet-b0', '--family'])\n"
        "print([name for name in ('torch', 'numpy', 'optuna') if name in sys.modules], code, time.process_time())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    *modules, code, seconds = done.stdout.splitlines()[-1].split()
    assert (modules, code) == (["[]"], "0")
    assert float(seconds) <= 0.7


def test_scale_says_that_the_formula_is_not_the_table_and_which_base_it_took(nas):
    done = nas("scale", "--phi", 3)
    assert done.code == 0
    assert "base: efficientnet-b0" in done.out
    assert "no BASE was named: no study under studies/ has a base" in done.out
    assert digest(network("efficientnet-b0")) in done.out
    assert "not the published table" in done.out
    assert "--out scaled-phi3.yaml" in done.out


def test_scale_saves_where_asked_and_nowhere_else(nas, tmp_path):
    nas("scale", "--phi", 1)
    assert not list(tmp_path.iterdir())
    done = nas("scale", "--phi", 1, "--out", "one.yaml", "--json")
    assert [path.name for path in tmp_path.iterdir()] == ["one.yaml"]
    assert done.data["files"] == ["one.yaml"]
    assert digest(load("one.yaml")) == done.data["scaled"]["digest"]
    assert nas("cost", "one.yaml", "--json").data["macs"] == done.data["scaled"]["macs"]


def test_the_file_of_a_member_has_its_grown_recipe(nas):
    assert "next: nas train one.yaml" in nas("scale", "--phi", 3, "--out", "one.yaml").out
    recipe = stored_recipe("one.yaml")
    assert recipe.epochs > 40
    assert recipe.magnitude > 5
    nas("scale", "--phi", 3, "--out", "small.yaml", "--memory", 1)
    small = stored_recipe("small.yaml")
    assert small.batch < recipe.batch
    assert small.lr / small.batch == recipe.lr / recipe.batch
    nas("scale", "--phi", 0, "--recipe", "plain", "--epochs", 7, "--out", "plain.yaml")
    assert stored_recipe("plain.yaml") == replace(recipe_of("plain"), epochs=7)


def test_scale_never_overwrites(nas, tmp_path):
    (tmp_path / "one.yaml").write_text("mine")
    done = nas("scale", "--phi", 1, "--out", "one.yaml")
    assert done.code == 2
    assert (tmp_path / "one.yaml").read_text() == "mine"


@pytest.fixture
def study(tmp_path):
    """A study as it lies there when it is done, its images of 32 px."""
    folder = tmp_path / "studies" / "mine"
    folder.mkdir(parents=True)
    save(network("efficientnet-b0").at(32, 10), folder / "base.yaml")
    (folder / "study.yaml").write_text(dump({"data": {"name": "photos", "image_size": 32}, "evaluator": None}))
    return folder


def test_a_default_file_is_written_once_and_never_replaced(nas, study):
    first = nas("scale", "studies/mine", "--phi", 1.09)
    path = study / "scaled-phi1.09.yaml"
    assert "saved studies/mine/scaled-phi1.09.yaml" in first.out
    written = path.read_text()
    assert "studies/mine/scaled-phi1.09.yaml holds it already" in nas("scale", "studies/mine", "--phi", 1.09).out
    other = nas("scale", "studies/mine", "--phi", 1.09, "--rule", "fast")
    assert other.code == 2
    assert "exists already and holds something else" in other.err
    assert path.read_text() == written


def test_files_have_round_names_whatever_the_phi(nas, study):
    for target in ("12MFLOPs", "20MFLOPs"):
        nas("scale", "studies/mine", "--target", target)
    names = sorted(path.name for path in study.glob("scaled-*"))
    assert all(name.endswith(f"-{target}.yaml") for name, target in zip(names, ("12MFLOPs", "20MFLOPs"), strict=True))
    assert all(len(name.partition("phi")[2].partition("-")[0]) <= len("-0.12") for name in names)


def test_images_larger_than_the_data_s_are_said(nas, study):
    assert "the images of photos are 32 px: phi2 at 42 px only interpolates" in nas("scale", "--phi", 2).out
    bounded = nas("scale", "--phi", 2, "--max-image-size", 32, "--out", "a.yaml")
    assert "interpolates" not in bounded.out
    assert load("a.yaml").image_size == 32


def test_a_family_is_saved_one_file_a_member(nas, tmp_path):
    assert nas("scale", "--family", "--out", "family").code == 0
    saved = sorted((tmp_path / "family").iterdir())
    assert [path.name for path in saved] == [f"b{n}.yaml" for n in range(8)]
    assert [cost(load(path)).params for path in saved] == PARAMS


def test_one_file_in_the_way_keeps_a_family_from_being_written(nas, tmp_path):
    (tmp_path / "family").mkdir()
    (tmp_path / "family" / "phi2.yaml").write_text("mine")
    assert nas("scale", "--phis", "1..3", "--out", "family").code == 2
    assert [path.name for path in (tmp_path / "family").iterdir()] == ["phi2.yaml"]


def test_families_by_phis_and_targets(nas):
    names = [m["name"] for m in nas("scale", "--phis", "0.5,1,-1", "--json").data["family"]]
    assert names == ["phi0.5", "phi1", "phi-1"]
    members = nas("scale", "--targets", "0.7,1,1.8GFLOPs", "--json").data["family"]
    assert [m["target"] for m in members] == [["700MFLOPs"], ["1GFLOPs"], ["1.8GFLOPs"]]
    assert all(0.95 <= m["share"] <= 1 for m in members)


def test_scale_takes_the_study_that_finished_last_and_says_so(nas, tmp_path):
    for name, when in (("googlenet", 2_000), ("efficientnet-b0", 3_000), ("resnet-18", 1_000)):
        folder = tmp_path / "studies" / f"of-{name}"
        folder.mkdir(parents=True)
        save(network(name), folder / "base.yaml")
        os.utime(folder / "base.yaml", (when, when))
    out = nas("scale", "--variant", "b1").out
    assert out.startswith(f"base: of-efficientnet-b0  {digest(network('efficientnet-b0'))}")
    assert "studies/of-efficientnet-b0, the study that finished last" in out


def test_a_study_by_a_function_of_the_user_s_is_never_taken(nas, study):
    (study / "study.yaml").write_text(dump({"data": None, "evaluator": "mine.score#0123456789ab"}))
    os.utime(study / "base.yaml", (time.time() + 60,) * 2)
    assert nas("scale", "--phi", 1).out.startswith("base: efficientnet-b0")
    assert nas("scale", "studies/mine", "--phi", 1).out.startswith("base: mine")


def test_target_fits(nas):
    scaled = nas("scale", "--target", "1.8GFLOPs", "--target", "20Mparams", "--json").data["scaled"]
    assert 1.75e9 < scaled["macs"] <= 1.8e9
    assert scaled["params"] <= 20e6


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_in_the_help_and_scales(nas, rule):
    assert rule in nas("scale", "--help").out
    assert nas("scale", "resnet-18", "--phi", 1, "--rule", rule, "--json").data["scaled"]["rule"] == rule


def test_coefficients_come_from_a_file(nas, tmp_path):
    (tmp_path / "c.yaml").write_text("{alpha: 2, beta: 1, gamma: 1}")
    scaled = nas("scale", "efficientnet-b0", "--phi", 1, "--coefficients", "c.yaml", "--json").data["scaled"]
    assert (scaled["image_size"], scaled["depth"]) == (224, 2)


def test_explain_shows_the_rows_and_the_phi_of_each_dimension(nas):
    out = nas("scale", "--variant", "b3", "--explain").out
    assert "depth × 1.4, width × 1.2" in out
    assert "by image size  φ 2.08 to 2.10" in out
    assert "stages.6" in out
    told = nas("scale", "efficientnet-b0", "--explain", "efficientnet-b3", "--json").data["phi"]
    assert told["image size"]["low"] < 2.09 < told["image size"]["high"]
    assert told["width"]["exact"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "scaling needs one of --phi, --variant, --target, --family, or --explain MEMBER; got none"),
        (("--phi", 1, "--phis", "1,2"), "got --phi and --family"),
        (("--phis", "1,1"), "--phis must be different numbers such as 0.5,1,2 or 1..7"),
        (("--phis", "7..1"), "--phis must be"),
        (("--targets", "1,2"), "a budget must be a number with a unit"),
        (("--phi", 1, "--train"), "--train needs --family and --data"),
        (("--phi", 1, "--rule", "fats"), "did you mean 'fast'"),
        (("--phi", 1, "--coefficients", "none.yaml"), "cannot read none.yaml"),
        (("--explain", "resnet-50"), "is no scaled form of the base"),
    ],
)
def test_wrong_usage_is_said_in_one_line(nas, words, message):
    done = nas("scale", "efficientnet-b0", *words)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
