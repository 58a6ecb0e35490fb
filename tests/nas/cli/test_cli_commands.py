from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nas.cli.output import table_lines
from search_spaces import cost, digest, load
from search_spaces.known.networks import names, network

OUTSIDE = Path(__file__).parents[3] / "docs" / "examples" / "outside"
PARAMS = [5288548, 7794184, 9109994, 12233232, 19341616, 30389784, 43040704, 66347960]


def test_tables_are_aligned_and_never_cut():
    lines = table_lines(("name", "n"), [("a" * 200, 1), ("b", None)], "lr")
    assert lines[2] == "a" * 200 + "  1"
    assert lines[3] == "b" + " " * 201 + "–"


def test_cost_prints_exact_integers(nas):
    done = nas("cost", "efficientnet-b0")
    assert done.code == 0
    assert "385,814,752" in done.out
    assert "5,288,548" in done.out


def test_cost_as_json(nas):
    data = nas("cost", "efficientnet-b0", "--json").data
    expected = {"name": "efficientnet-b0", "params": 5288548, "macs": 385814752, "image_size": 224}
    assert {key: data[key] for key in expected} == expected
    assert data["digest"] == digest(network("efficientnet-b0"))
    assert data["activations"] > 0


def test_cost_at_another_image_size(nas):
    data = nas("cost", "efficientnet-b0", "--image-size", 160, "--json").data
    assert data["macs"] == cost(network("efficientnet-b0").at(160)).macs < 385814752
    assert data["params"] == 5288548


def test_layers_sum_to_the_total(nas):
    data = nas("cost", "efficientnet-b0", "--layers", "--json").data
    assert sum(row["macs"] for row in data["layers"]) == data["macs"]
    assert sum(row["params"] for row in data["layers"]) == data["params"]
    assert "stages.6.0" in nas("cost", "efficientnet-b0", "--layers").out


def test_networks_list_all_known_ones(nas):
    data = nas("networks", "--json").data
    assert [row["name"] for row in data] == list(names())
    assert all(row.keys() >= {"name", "params", "macs", "image_size"} for row in data)
    table = nas("networks").out
    assert all(name in table for name in names())


def test_the_lineage_says_when_what_and_how_it_is_known(nas):
    data = {row["name"]: row for row in nas("networks", "--json").data}
    assert [data[name]["year"] for name in ("alexnet-2012", "senet-154", "nfnet-f6")] == [2012, 2017, 2021]
    published = data["senet-154"]["published"]
    assert published[0] == {
        "top1": 18.68,
        "top5": 4.47,
        "error": True,
        "where": "one crop",
        "source": "hujie-frank/SENet",
        "provenance": "verified",
    }
    out = nas("networks").out
    lines = out.splitlines()
    years = [int(line.split()[1]) for line in lines[2:] if line.split() and line.split()[0] in data]
    assert years == sorted(years)
    assert len(years) == len(data)
    assert "top-1 error 18.68 %, top-5 error 4.47 %" in out
    assert "quoted from memory, not checked" in out
    assert "WRN-68-3" in out


def test_one_network_by_rows_shapes_and_costs(nas):
    out = nas("networks", "inception-v3").out
    assert "23,834,568 parameters, 5,713,216,096 MACs at 299 px, 2015" in out
    assert "3,326,696 more parameters in auxiliary classifiers, in training only" in out
    assert "conv(kernel 1) 128, conv(kernel 1×7) 128, conv(kernel 7×1) 192" in out
    assert "768 × 17 × 17" in out
    (row,) = [line for line in out.splitlines() if line.startswith("stages.8 ")]
    assert row.split()[-4:] == ["8", "×", "8", "1,698,304", "291,004,416"][-4:]


def test_a_note_says_where_a_network_is_not_the_paper_s(nas):
    assert "not the 146 M" in nas("networks", "senet-154").out


def test_a_mistyped_network_gets_the_nearest_names(nas):
    done = nas("networks", "resnet50")
    assert done.code == 2
    assert "resnet-50" in done.err
    assert done.err.count("\n") == 1


def test_what_is_no_name_is_not_guessed(nas, tmp_path):
    assert "unknown network 'zzzz' (`nas networks` lists all)" in nas("networks", "zzzz").err
    assert "`nas cost mine.yaml --layers`" in nas("networks", "mine.yaml").err
    (tmp_path / "folder").mkdir()
    assert "it is no study, or its search has not finished" in nas("cost", "folder").err


@pytest.mark.parametrize("name", ["resnet-50", "inception-v4", "nfnet-f0", "alexnet-2012"])
def test_a_space_is_one_choice_away_from_a_network(nas, name):
    assert nas("networks", name, "--out", "mine.yaml").code == 0
    assert load("mine.yaml") == network(name)
    path = Path("mine.yaml")
    path.write_text(
        path.read_text().replace("classes: 1000", "classes: {choice: [1000, 10]}") + "classes: {choice: [1000, 10]}\n"
    )
    space = load(path)
    assert space.size == 2
    assert network(name) in space
    assert nas("networks", name, "--out", "mine.yaml").code == 2
    assert nas("networks", "--out", "mine.yaml").code == 2


def test_a_block_from_outside_is_counted_and_measured_and_its_space_known(nas, monkeypatch):
    monkeypatch.chdir(OUTSIDE)
    monkeypatch.delitem(sys.modules, "ghost", raising=False)
    data = nas("cost", "ghost.yaml", "--blocks", "ghost", "--measure", "--json").data
    assert data["fvcore_macs"] == data["macs"]
    assert nas("spaces", "ghost_space.yaml", "--blocks", "ghost", "--json").data["size"] == 144
    assert nas("cost", "ghost.yaml").code == 2


def test_one_network_by_its_rows(nas):
    out = nas("networks", "efficientnet-b0").out
    assert "mbconv(kernel 5)" in out
    assert nas("networks", "efficientnet-b0", "--json").data["architecture"]["stages"]


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
    import os

    from search_spaces import save

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


def test_spaces_lists_the_ready_ones(nas):
    data = {row["name"]: row for row in nas("spaces", "--json").data}
    assert data["nas-bench-macro"]["size"] == 6561
    assert data["mbconv"]["least"] < 385814752 < data["mbconv"]["greatest"]
    assert "6,561" in nas("spaces").out


def test_a_space_with_a_budget(nas):
    data = nas("spaces", "mbconv", "--budget", "400MFLOPs", "--json").data
    b0 = next(row for row in data["members"] if row["name"] == "efficientnet-b0")
    assert (b0["macs"], b0["fits"]) == (385814752, True)
    within = data["within"]
    assert within["how"] == "bracket"
    assert 0 < within["low"] < within["high"] < data["size"]
    assert within["least"] < within["median"] < within["greatest"] <= 400_000_000
    assert sum(share for _, _, share in within["histogram"]) == pytest.approx(1)


def test_a_small_space_is_counted_exactly(nas):
    from search_spaces.known.spaces import space

    costs = [cost(network).macs for network in space("nas-bench-macro")]
    fitting = sorted(macs for macs in costs if macs <= 50_000_000)
    within = nas("spaces", "nas-bench-macro", "--budget", "50MFLOPs", "--json").data["within"]
    assert (within["low"], within["high"], within["how"]) == (len(fitting), len(fitting), "exact")
    assert (within["least"], within["greatest"], within["exact"]) == (fitting[0], fitting[-1], True)
    out = nas("spaces", "nas-bench-macro", "--budget", "50MFLOPs").out
    assert f"exactly {len(fitting):,} vectors" in out
    assert "█" in out


def test_an_impossible_budget_is_refused_with_the_nearest_cost(nas):
    done = nas("spaces", "mbconv", "--budget", "50MFLOPs")
    assert done.code == 2
    assert done.err == "nas: 50MFLOPs is below the smallest network of mbconv, which has 111,535,096 MACs\n"
    done = nas("spaces", "nas-bench-macro", "--budget", "50..50.0001MFLOPs", "--budget", "1Mparams")
    assert done.code == 2
    assert "nothing of nas-bench-macro lies within" in done.err or "is below the smallest" in done.err


def test_wrong_options_of_spaces_get_one_line(nas):
    assert "need a space" in nas("spaces", "--exact").err
    assert "at most 100,000 networks" in nas("spaces", "mbconv", "--sample", 100_001).err
    assert "cannot be counted (12ms)" in nas("spaces", "mbconv", "--budget", "12ms").err


def test_samples_fit_and_are_reproducible(nas, tmp_path):
    words = ("spaces", "nas-bench-macro", "--budget", "50MFLOPs", "--sample", 5, "--json")
    first = nas(*words, "--seed", 3).data
    assert first == nas(*words, "--seed", 3).data != nas(*words, "--seed", 4).data
    assert all(row["macs"] <= 50_000_000 for row in first)
    saved = nas(*words, "--seed", 3, "--out", "drawn").data
    assert [digest(load(row["file"])) for row in saved] == [row["digest"] for row in first]
    assert len(list((tmp_path / "drawn").iterdir())) == 5


def test_files_work_as_names_do(nas, tmp_path):
    from search_spaces import save
    from search_spaces.known.spaces import space

    save(space("nas-bench-macro"), tmp_path / "mine.yaml")
    assert nas("spaces", "mine.yaml", "--json").data["size"] == 6561
    save(network("resnet-18"), tmp_path / "net.json")
    assert json.loads((tmp_path / "net.json").read_text())
    assert nas("cost", "net.json", "--json").data["params"] == 11689512


def test_blocks_from_a_module(nas, tmp_path, monkeypatch):
    (tmp_path / "more_blocks.py").write_text(
        "from search_spaces import MBConv\n\n\nclass Mine(MBConv):\n    kind = 'mine'\n\n\nBLOCKS = {'mine': Mine}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    text = "schema: 1\nimage_size: 32\nclasses: 10\nstem:\n- {block: {conv: {kernel: 3}}, out: 8}\n"
    (tmp_path / "net.yaml").write_text(
        text + "stages:\n- {block: {mine: {kernel: 5}}, out: 8}\nhead: {pooled: {out: 16}}\n"
    )
    assert nas("cost", "net.yaml").code == 2
    assert nas("cost", "net.yaml", "--blocks", "more_blocks").code == 0
    assert "cannot import" in nas("cost", "net.yaml", "--blocks", "no_such_module").err


def test_what_cannot_be_measured_is_one_line(nas):
    done = nas("cost", "resnet-50", "--image-size", 10**9, "--measure")
    assert done.code == 2
    assert done.err.startswith("nas: 1000000000 px cannot be run here: Storage size calculation overflowed")
    assert done.err.count("\n") == 1
