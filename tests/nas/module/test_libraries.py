"""Weights of others: saved the usual ways, and under the names of torchvision and timm."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from nas import build, load_network
from nas.module.libraries import LIBRARIES, library_module
from search_spaces import UserError, load

QUICK = ("resnet-18", "mobilenet-v2", "mnasnet-b1", "googlenet", "efficientnet-b0")
MODULES = [(name, spec) for name, specs in LIBRARIES.items() for spec in specs]


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(0)
    return build(load("mobilenet-v2").at(32, 10)).state_dict()


WRAPPINGS = {
    "plain": lambda state: state,
    "DataParallel": lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
    "compiled": lambda state: {f"_orig_mod.{name}": tensor for name, tensor in state.items()},
    "both": lambda state: {f"module._orig_mod.{name}": tensor for name, tensor in state.items()},
    "Lightning": lambda state: {"state_dict": {f"model.{name}": tensor for name, tensor in state.items()}, "epoch": 3},
    "averaged": lambda state: {"model": {"x": torch.zeros(1)}, "model_ema": state},
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_weights_are_taken_however_they_were_wrapped(tmp_path, state, wrapping):
    torch.save(WRAPPINGS[wrapping](state), tmp_path / "w.pth")
    network = load_network("mobilenet-v2", tmp_path / "w.pth", classes=10)
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.module.state_dict().items())


def test_safetensors_are_unwrapped_too(tmp_path, state):
    save_file({f"module.{name}": tensor.clone() for name, tensor in state.items()}, tmp_path / "w.safetensors")
    assert load_network("mobilenet-v2", tmp_path / "w.safetensors", classes=10).weights is not None


def outputs_equal(tmp_path, name, spec):
    """Whether the network with a library's file computes what the library's own module computes."""
    torch.manual_seed(1)
    theirs = library_module(spec, 7).eval()
    torch.save(theirs.state_dict(), tmp_path / "w.pth")
    ours = load_network(name, tmp_path / "w.pth", classes=7, image_size=224)
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(ours.module(x), theirs(x), rtol=1e-3, atol=1e-4)
    return True


@pytest.mark.parametrize("name", QUICK)
def test_a_librarys_own_names_are_known(tmp_path, name):
    assert outputs_equal(tmp_path, name, LIBRARIES[name][0])


@pytest.mark.long
@pytest.mark.parametrize(("name", "spec"), MODULES, ids=[spec for _, spec in MODULES])
def test_all_libraries_names_are_known(tmp_path, name, spec):
    assert outputs_equal(tmp_path, name, spec)


def test_weights_of_another_network_are_refused_in_one_sentence(tmp_path):
    torch.save(library_module("torchvision:resnet34", 10).state_dict(), tmp_path / "w.pth")
    with pytest.raises(
        UserError, match=r"w\.pth does not fit resnet-18: stem\.0\.0\.conv\.weight is absent in the weights"
    ):
        load_network("resnet-18", tmp_path / "w.pth", classes=10)
