"""What must hold for every known network: the table of networks is the list of cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from nas.measures import fvcore_macs
from nas.network import build
from search_spaces import cost, digest, load
from search_spaces.codec import from_data, to_data
from search_spaces.networks import names
from search_spaces.strict_yaml import dump, parse

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden_digests.json").read_text())
LARGE = 20 * 10**9


@pytest.mark.parametrize("name", names())
def test_counts_equal_the_library_s(name, library_counts):
    own, library = cost(load(name)), library_counts[name]
    assert load(name).image_size == library["image_size"]
    assert (own.params, own.macs) == (library["params"], library["macs"])


@pytest.mark.parametrize("name", names())
def test_counts_equal_torch_s_on_the_built_module(name):
    network = load(name)
    with torch.device("meta"):
        module = build(network).eval()
        x = torch.empty(1, 3, network.image_size, network.image_size)
    assert sum(weight.numel() for weight in module.parameters()) == cost(network).params
    with FlopCounterMode(display=False) as counter:
        module(x)
    assert counter.get_total_flops() == 2 * cost(network).macs


@pytest.mark.parametrize("name", [name for name in names() if cost(load(name)).macs <= 10**9])
def test_fvcore_counts_the_same_and_its_own_total(name, library_counts):
    counted = fvcore_macs(load(name))
    assert counted.macs == cost(load(name)).macs
    assert counted.total == library_counts[name]["fvcore_total"]


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in names() if 10**9 < cost(load(name)).macs <= LARGE])
def test_fvcore_counts_the_same_on_large_networks(name):
    assert fvcore_macs(load(name)).macs == cost(load(name)).macs


@pytest.mark.parametrize("name", names())
def test_files_keep_equality_and_the_stored_digest(name):
    network = load(name)
    assert from_data(parse(dump(to_data(network)))) == network
    assert digest(network) == GOLDEN[name]


def test_different_networks_have_different_digests():
    assert len({digest(load(name)) for name in names()}) == len(names())
