from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from nas.module.copying import copy_weights
from nas.module.network import build
from search_spaces import Architecture, Block, Conv, Defaults, Head, Inception, NoNorm, Stage, load


class Branches(nn.Module):
    """Inception branches registered in another order than they run, with equal shapes among them."""

    def __init__(self, network: Architecture) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.inner = build(network)
        for name, child in reversed(list(self.inner.stages._modules["0"]._modules["0"].named_children())):
            self.add_module(f"early_{name}", child)

    def forward(self, x):
        return self.inner(x)


def test_branches_of_equal_shape_get_their_own_weights():
    block = Inception(widths=(8, 8, 8, 8, 8, 8), large=3)
    network = Architecture(image_size=8, classes=3, stages=(Stage(block), Stage(Conv(), out=4)), head=Head())
    source, ours = Branches(network).eval(), build(network).eval()
    copy_weights(source, ours, torch.randn(2, 3, 8, 8))
    x = torch.randn(2, 3, 8, 8)
    assert torch.allclose(source(x), ours(x), rtol=1e-5, atol=1e-6)
    assert all(
        torch.equal(a, b) for a, b in zip(source.inner.state_dict().values(), ours.state_dict().values(), strict=True)
    )


def test_dtype_and_mode_come_back():
    source, ours = build(load("resnet-18").at(32, 4)), build(load("resnet-18").at(32, 4)).train()
    assert copy_weights(source.eval(), ours, torch.randn(2, 3, 32, 32)) is ours
    assert next(ours.parameters()).dtype == torch.float32
    assert ours.training
    assert not source.training


def test_a_difference_without_weights_is_noticed():
    """Same layers, another activation: every layer finds its weights, the outputs tell."""
    relu = Architecture(image_size=8, classes=3, stages=(Stage(Conv(), out=8),), head=Head())
    silu = Architecture(image_size=8, classes=3, stages=(Stage(Conv(act="silu"), out=8),), head=Head())
    with pytest.raises(ValueError, match="the weights cannot be copied: no unused layer of the source explains head"):
        copy_weights(build(relu), build(silu), torch.randn(2, 3, 8, 8))


class BareScalars(nn.Module):
    """A gain that belongs to no layer, and a classifier written as a 1×1 convolution, as other libraries have them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.gain1, self.gain2 = nn.Parameter(torch.tensor(0.5)), nn.Parameter(torch.tensor(2.0))
        self.classifier = nn.Conv2d(4, 3, 1)

    def forward(self, x):
        h = (self.conv1(x) * self.gain2).relu()
        h = self.conv2(h).mul_(self.gain1).relu()
        return self.classifier(h.mean((2, 3), keepdim=True)).flatten(1)


@dataclass(frozen=True)
class Gained(Block):
    """Convolution, learnt scalar, activation."""

    kind = "gained"

    def trace(self, g, x, out, stride, at):
        return g.act(g.gain(g.conv(x, out, 3, stride=stride)))


def test_scalars_of_no_layer_and_one_by_one_classifiers_are_followed():
    network = Architecture(
        image_size=8,
        classes=3,
        stages=(Stage(Gained(), out=4, repeats=2),),
        defaults=Defaults(norm=NoNorm()),
    )
    torch.manual_seed(0)
    source, ours = BareScalars(), build(network)
    copy_weights(source, ours, torch.randn(2, 3, 8, 8))
    gains = [weight.item() for name, weight in ours.named_parameters() if name.endswith("gain")]
    assert gains == [2.0, 0.5]
    x = torch.randn(2, 3, 8, 8)
    assert torch.allclose(source(x), ours(x), rtol=1e-5, atol=1e-6)
