from __future__ import annotations

import os

import pytest

from search_spaces import cost, digest, load, save
from search_spaces.known.networks import network

PARAMS = [5288548, 7794184, 9109994, 12233232, 19341616, 30389784, 43040704, 66347960]


@pytest.mark.parametrize(("variant", "params"), [(f"b{n}", p) for n, p in enumerate(PARAMS)])
def test_variants_are_exact(nas, variant, params):
    data = nas("scale", "efficientnet-b0", "--variant", variant, "--json").data
    assert data["scaled"]["params"] == params


def test_family_is_exact(nas):
    assert [m["params"] for m in nas("scale", "--family", "--json").data["family"]] == PARAMS


def test_scale_says_that_the_formula_is_not_the_table(nas):
    done = nas("scale", "--phi", 3)
    assert done.code == 0
    assert "base: efficientnet-b0" in done.out
    assert digest(network("efficientnet-b0")) in done.out
    assert "not the published table" in done.out
    assert "--out scaled-phi3.yaml" in done.out


def test_scale_saves_where_asked_and_nowhere_else(nas, tmp_path):
    nas("scale", "--phi", 1)
    assert not list(tmp_path.iterdir())
    done = nas("scale", "--phi", 1, "--out", "one.yaml", "--json")
    assert [path.name for path in tmp_path.iterdir()] == ["one.yaml"]
    assert digest(load("one.yaml")) == done.data["scaled"]["digest"]
    assert nas("cost", "one.yaml", "--json").data["macs"] == done.data["scaled"]["macs"]


def test_scale_never_overwrites(nas, tmp_path):
    (tmp_path / "one.yaml").write_text("mine")
    done = nas("scale", "--phi", 1, "--out", "one.yaml")
    assert done.code == 2
    assert (tmp_path / "one.yaml").read_text() == "mine"


def test_a_family_is_saved_one_file_a_member(nas, tmp_path):
    assert nas("scale", "--family", "--out", "family").code == 0
    saved = sorted((tmp_path / "family").iterdir())
    assert [path.name for path in saved] == [f"b{n}.yaml" for n in range(8)]
    assert [cost(load(path)).params for path in saved] == PARAMS


def test_scale_takes_the_study_that_finished_last(nas, tmp_path):

    for name, when in (("googlenet", 2_000), ("efficientnet-b0", 3_000), ("resnet-18", 1_000)):
        folder = tmp_path / "studies" / f"of-{name}"
        folder.mkdir(parents=True)
        save(network(name), folder / "base.yaml")
        os.utime(folder / "base.yaml", (when, when))
    out = nas("scale", "--variant", "b1").out
    assert out.startswith(f"base: of-efficientnet-b0  {digest(network('efficientnet-b0'))}")


def test_target_fits(nas):
    scaled = nas("scale", "--target", "1.8GFLOPs", "--json").data["scaled"]
    assert 1.5e9 < scaled["macs"] <= 1.8e9


def test_explain_shows_the_rows(nas):
    out = nas("scale", "--variant", "b3", "--explain").out
    assert "depth × 1.4, width × 1.2" in out
    assert "stages.6" in out
