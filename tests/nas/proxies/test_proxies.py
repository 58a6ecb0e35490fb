"""Proxies: what each must be by its definition, and what a study says of them."""

from __future__ import annotations

import json
import math
import random
import shutil

import pytest
import torch

from nas import search
from nas.data.by_name import load_data
from nas.proxies import PROXIES, proxies_of
from nas.proxies.of_study import agreement, stored_proxies, work_out
from nas.proxies.untrained import untrained
from nas.report.agreement import proxy_lines
from nas.study import open_study
from search_spaces import Architecture, Conv, Defaults, Head, Space, Stage, UserError, choice, cost, load, within
from search_spaces.network.gain import log_gain

CONVOLUTIONS = 3


@pytest.fixture
def chain():
    """Convolutions without biases and norms, and a linear layer."""
    rows = tuple(Stage(Conv(kernel=1), out=8) for _ in range(CONVOLUTIONS))
    return Architecture(
        image_size=6, classes=4, stem=rows[:1], stages=rows[1:], head=Head(), defaults=Defaults(act="relu")
    )


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(16, 3, 6, 6, generator=generator), torch.randint(4, (16,), generator=generator)


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_is_a_pure_function(name, chain, batch):
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = PROXIES[name](chain, *batch)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    assert PROXIES[name](chain, *batch) == first
    assert math.isfinite(first)


def test_the_trivial_two_are_costs(chain, batch):
    assert (PROXIES["params"](chain, *batch), PROXIES["macs"](chain, *batch)) == (cost(chain).params, cost(chain).macs)


def test_naswot_says_nothing_of_images_that_are_alike(chain, batch):
    images, labels = batch
    alike = images[:1].expand(16, -1, -1, -1)
    assert PROXIES["naswot"](chain, alike, labels) < PROXIES["naswot"](chain, images, labels)
    assert PROXIES["jacov"](chain, alike, labels) < PROXIES["jacov"](chain, images, labels)


def test_synflow_of_a_chain_is_its_output_times_its_layers(chain, batch):
    """Euler's theorem: the output is homogeneous of degree 1 in the weights of each layer; biases are 0."""
    with untrained(chain) as module, torch.no_grad():
        x = torch.ones(3, dtype=torch.float64)
        layers = [m for m in module.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
        for layer in layers:
            x = layer.weight.double().abs().flatten(1) @ x
    expected = len(layers) * x.sum().item()
    assert len(layers) == CONVOLUTIONS + 1
    assert PROXIES["synflow"](chain, *batch) == pytest.approx(math.log(expected), rel=1e-9)


def test_zico_is_nothing_where_all_parts_of_the_batch_agree(chain, batch):
    images, labels = (part[:1].expand(16, *part.shape[1:]) for part in batch)
    assert PROXIES["zico"](chain, images, labels) == 0
    assert PROXIES["zico"](chain, *batch) != 0


def test_the_language_knows_what_synflow_says(batch):
    networks = within(load("mobile-small"), "3MFLOPs").sample(random.Random(0), 30)
    images = torch.zeros(2, 3, networks[0].image_size, networks[0].image_size)
    synflow = torch.tensor([PROXIES["synflow"](network, images, batch[1]) for network in networks])
    gain = torch.tensor([log_gain(network) for network in networks])
    assert torch.corrcoef(torch.stack([synflow, gain]))[0, 1] > 0.9


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Four little networks, trained for an epoch of the digits."""
    rows = tuple(Stage(Conv(kernel=choice(1, 3)), out=choice(4, 8), stride=2) for _ in range(2))
    space = Space("little", Architecture(image_size=8, classes=10, stem=rows[:1], stages=rows[1:], head=Head()))
    folder = tmp_path_factory.mktemp("proxies") / "study"
    options = {"trials": 4, "epochs": 1, "pruner": "none", "retrain": 0, "final": "none", "workers": 1}
    return search(space, budgets="1MFLOPs", data="digits", recipe="plain", out=folder, **options)


@pytest.fixture
def copied(study, tmp_path):
    return open_study(shutil.copytree(study.folder, tmp_path / "study"))


def test_proxies_of_a_study_are_worked_out_once_and_ranked(copied):
    assert proxy_lines(copied) == []
    counted = []
    table = work_out(copied, lambda done, of: counted.append((done, of)))
    assert set(table) == {record.training_key for record in copied.records}
    assert counted == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert stored_proxies(copied.folder) == table
    assert work_out(copied, lambda done, of: counted.append(None)) == table
    assert None not in counted
    taus = agreement(copied)
    assert set(taus) <= set(PROXIES)
    assert len(proxy_lines(copied)) == len(taus) > 0


def test_damaged_proxies_are_worked_out_again(copied):
    for nonsense in ("[1", "[1]", '{"a": 1}', '{"a": {"naswot": 1.0}}', '{"a": {"naswot": "<b>"}}'):
        (copied.folder / "proxies.json").write_text(nonsense)
        assert stored_proxies(copied.folder) == {}
        assert proxy_lines(copied) == []
    assert len(work_out(copied)) == 4
    assert len(json.loads((copied.folder / "proxies.json").read_text())) == 4


def test_a_function_of_the_users_has_no_proxies(tmp_path):
    done = search("nas-bench-macro", evaluate=lambda a, seed, report: 0.5, trials=1, retrain=0, out=tmp_path / "s")
    with pytest.raises(UserError, match="no data for proxies"):
        work_out(done)


def test_a_network_without_signal_is_minus_infinity(chain, monkeypatch):
    monkeypatch.setitem(PROXIES, "naswot", lambda network, images, labels: math.nan)
    (values,) = proxies_of([chain.at(8, 10)], load_data("digits"))
    assert values["naswot"] == -math.inf
