from __future__ import annotations

import pytest

from nas.proxies import PROXIES
from search_spaces import cost, digest, load
from search_spaces.known.spaces import space


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
    where = "mbconv at 224 px and 1,000 classes"
    assert done.err == f"nas: 50MFLOPs is below the smallest network of {where}, which has 111,535,096 MACs\n"
    done = nas("spaces", "nas-bench-macro", "--budget", "50..50.0001MFLOPs", "--budget", "1Mparams")
    assert done.code == 2
    assert (
        "nothing of nas-bench-macro at 32 px and 10 classes lies within" in done.err
        or "is below the smallest" in done.err
    )


def test_wrong_options_of_spaces_get_one_line(nas):
    assert "needs a space" in nas("spaces", "--exact").err
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


def test_proxies_of_drawn_networks_beside_their_size(nas):
    words = ("spaces", "nas-bench-macro", "--budget", "20MFLOPs", "--sample", 5, "--proxies")
    rows = nas(*words, "--json").data
    assert [set(row) for row in rows] == [set(PROXIES)] * 5
    assert all(row["macs"] <= 20_000_000 for row in rows)
    assert "naswot" in nas(*words).out


def test_wrong_options_of_proxies_get_one_line(nas):
    assert "--data needs --proxies" in nas("spaces", "mbconv", "--data", "digits").err
