from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nas.cli.output import table_lines
from search_spaces import cost, digest, load, save
from search_spaces.known.networks import names, network
from search_spaces.known.spaces import space

OUTSIDE = Path(__file__).parents[3] / "docs" / "examples" / "outside"


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
    assert row.split()[-7:] == ["1280", "×", "8", "×", "8", "1,698,304", "291,004,416"]


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


def test_files_work_as_names_do(nas, tmp_path):

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
    assert done.err == "nas: image_size: must be an integer of at least 1 and at most 65536, got 1000000000\n"
