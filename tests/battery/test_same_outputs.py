"""The same outputs as another library's network, in float64, on weights that tell outputs apart."""

from __future__ import annotations

import pytest
import torch
import torchvision

from nas.network import build
from nas.weights import copy_weights
from search_spaces import load

MODELS = {
    "efficientnet-b0": lambda: torchvision.models.efficientnet_b0(),
    "resnet-50": lambda: torchvision.models.resnet50(),
    "googlenet": lambda: torchvision.models.googlenet(aux_logits=False, init_weights=False),
}
SIZE = 96


def telling(model):
    """Random affine norms and biases, running statistics from one pass in train mode, scalar gains non-zero."""
    generator = torch.Generator().manual_seed(1)
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.weight.data.uniform_(0.5, 1.5, generator=generator)
            layer.bias.data.normal_(0, 0.5, generator=generator)
            layer.momentum = 1.0
        elif getattr(layer, "bias", None) is not None:
            layer.bias.data.normal_(0, 0.1, generator=generator)
    with torch.no_grad():
        model.double().train()(torch.randn(8, 3, SIZE, SIZE, generator=generator).double())
    return model.eval()


def images(seed):
    return torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def largest_difference(one, other, x):
    with torch.no_grad():
        expected = one(x)
        return float((expected - other(x)).abs().max() / expected.abs().max())


@pytest.mark.parametrize("name", MODELS)
def test_outputs_equal_the_library_s(name):
    torch.manual_seed(0)
    source = telling(MODELS[name]())
    with torch.no_grad():
        first, second = source(images(7))
    assert (first - second).abs().max() > 0.1 * first.abs().max()  # the test can fail: outputs differ by input
    ours = build(load(name).at(image_size=SIZE)).double().eval()
    copy_weights(source, ours, images(3))
    assert largest_difference(source, ours, images(7)) <= 1e-9
    swapped = swap_two_equal_shaped(ours)
    assert largest_difference(source, swapped, images(7)) > 1e-3  # and by weights


def swap_two_equal_shaped(module):
    """Exchange the values of the first two convolution kernels of equal shape."""
    seen: dict[tuple[int, ...], torch.Tensor] = {}
    for weight in module.parameters():
        if weight.dim() == 4 and tuple(weight.shape) in seen:
            other = seen[tuple(weight.shape)]
            kept = other.data.clone()
            other.data.copy_(weight.data)
            weight.data.copy_(kept)
            return module
        seen[tuple(weight.shape)] = weight
    raise LookupError("no two kernels of equal shape")


def test_another_network_is_refused_by_the_layer_that_nothing_explains():
    source = telling(MODELS["efficientnet-b0"]())
    ours = build(load("resnet-50").at(image_size=SIZE)).double().eval()
    with pytest.raises(ValueError, match=r"no unused layer of the source explains stem\.0\.0\.conv"):
        copy_weights(source, ours, images(3))
