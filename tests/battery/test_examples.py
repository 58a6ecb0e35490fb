"""The example files in the docs are the networks that they say, to the digit and in their outputs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from battery.test_same_outputs import images, largest_difference, telling

from nas.module.copying import copy_weights
from nas.module.fvcore import fvcore_macs
from nas.module.network import build
from search_spaces import cost, load

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SIZE = 64


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_is_the_library_s_network(path):
    torch.manual_seed(0)
    network = load(path)
    model = getattr(torchvision.models, path.stem)()
    assert cost(network).params == sum(weight.numel() for weight in model.parameters())
    assert cost(network).macs == fvcore_macs(network).macs
    source = telling(model, SIZE)
    with torch.no_grad():
        first, second = source(images(7))
    assert (first - second).abs().max() > 0.1 * first.abs().max()
    ours = copy_weights(source, build(network.at(image_size=SIZE)).double().eval(), images(3))
    assert largest_difference(source, ours, images(7)) <= 1e-9
