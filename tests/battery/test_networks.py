"""What must hold for every known network: the table of networks is the list of cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from battery.library import MODELS
from torch.utils.flop_counter import FlopCounterMode

from nas.module.fvcore import fvcore_macs
from nas.module.network import build
from search_spaces import cost, digest, load
from search_spaces.files.codec import from_data, to_data
from search_spaces.files.strict_yaml import dump, parse
from search_spaces.known.networks import names
from search_spaces.network.architecture import trace_network
from search_spaces.network.cost import layers, rows

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden_digests.json").read_text())
COUNTS = json.loads((Path(__file__).parents[1] / "data" / "library_counts.json").read_text())["networks"]
LARGE = 20 * 10**9
SMALL = 10**9
AVERAGED_FREELY = ("mnasnet-b1",)  # torchvision takes the mean in place of a pool, which fvcore counts as nothing


def macs(name):
    return cost(load(name)).macs


def counted_by_torch(module, image_size):
    """Parameters, and multiply-adds by torch's counter, of a module on the meta device."""
    x = torch.empty(1, 3, image_size, image_size, device="meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module.eval()(x)
    return sum(weight.numel() for weight in module.parameters()), counter.get_total_flops() // 2


@pytest.mark.parametrize("name", COUNTS)
def test_counts_equal_the_stored_ones(name):
    counted, stored = cost(load(name)), COUNTS[name]
    assert load(name).image_size == stored["image_size"]
    assert (counted.params, counted.macs) == (stored["params"], stored["macs"])
    assert counted.aux_params == stored.get("aux_params", 0)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if name in COUNTS else ()) for name in MODELS]
)
def test_counts_equal_those_of_the_library_s_own_model(name):
    network = load(name)
    with torch.device("meta"):
        model = MODELS[name]()
    assert counted_by_torch(model, network.image_size) == (cost(network).params, cost(network).macs)


def test_every_network_has_counts_to_equal():
    assert {*COUNTS, *MODELS} == set(names())


@pytest.mark.parametrize("name", names())
def test_counts_equal_torch_s_on_the_built_module(name):
    network = load(name)
    with torch.device("meta"):
        module = build(network)
    assert counted_by_torch(module, network.image_size) == (cost(network).params, cost(network).macs)


@pytest.mark.parametrize("name", names())
def test_every_node_has_torch_s_shape(name):
    network = load(name)
    network = network if network.head.binds_image_size else network.at(image_size=160)
    with torch.device("meta"):
        module = build(network).eval()
    x = torch.empty(2, 3, network.image_size, network.image_size, device="meta")
    with torch.no_grad():
        shapes = {index: tuple(value.shape[1:]) for index, value in module.values(x).items()}
    assert shapes == {index: node.shape for index, node in enumerate(trace_network(network).nodes)}


@pytest.mark.parametrize("name", [name for name in names() if macs(name) <= SMALL])
def test_fvcore_counts_the_same_and_its_own_total(name):
    counted = fvcore_macs(load(name))
    assert counted.macs == macs(name)
    if COUNTS[name].get("model", "").startswith("torchvision") and name not in AVERAGED_FREELY:
        assert counted.total == COUNTS[name]["fvcore_total"]


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in names() if SMALL < macs(name) <= LARGE])
def test_fvcore_counts_the_same_on_large_networks(name):
    assert fvcore_macs(load(name)).macs == macs(name)


@pytest.mark.parametrize("name", names())
def test_rows_and_layers_add_up_to_the_cost(name):
    network = load(name)
    for parts in (rows(network), layers(network)):
        assert (sum(part.params for part in parts), sum(part.macs for part in parts)) == cost(network)[:2]


@pytest.mark.parametrize("name", names())
def test_files_keep_equality_and_the_stored_digest(name):
    network = load(name)
    assert from_data(parse(dump(to_data(network)))) == network
    assert digest(network) == GOLDEN[name]


def test_different_networks_have_different_digests():
    assert len({digest(load(name)) for name in names()}) == len(names())
