"""The same outputs and gradients as another library's network, in float64, on weights that tell outputs apart."""

from __future__ import annotations

import pytest
import torch
from battery.library import MODELS, without_dropping

from nas.module.copying import copy_weights
from nas.module.network import build
from search_spaces import load
from search_spaces.known.networks import names

SIZES = dict.fromkeys(("inception-v3", "inception-v4", "inception-resnet-v2"), 128)
SIZE = 64
BY_HAND = {"alexnet-2012", "zfnet", "googlenet-2014", "resnet-50-v1"}  # no library has these
FAST = (
    "alexnet",
    "vgg-11-bn",
    "googlenet",
    "inception-v3",
    "inception-v4",
    "preact-resnet-200",
    "resnet-18",
    "resnet-50",
    "resnext-50-32x4d",
    "se-resnet-50",
    "mobilenet-v1",
    "mobilenet-v2",
    "mnasnet-a1",
    "mnasnet-b1",
    "efficientnet-b0",
    "efficientnetv2-s",
    "nfnet-f0",
)
CASES = [pytest.param(name, marks=() if name in FAST else pytest.mark.long) for name in MODELS]


def telling(model, size):
    """Random affine norms and biases, running statistics from one pass in train mode, scalar gains non-zero;
    where nothing normalises, weights that keep the signal's variance."""
    generator = torch.Generator().manual_seed(1)
    plain = not any(isinstance(layer, torch.nn.BatchNorm2d) or hasattr(layer, "gain") for layer in model.modules())
    for weight in model.parameters():
        if plain and weight.dim() > 1:
            torch.nn.init.kaiming_normal_(weight, generator=generator)
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.weight.data.uniform_(0.5, 1.5, generator=generator)
            layer.bias.data.normal_(0, 0.5, generator=generator)
            layer.momentum = 1.0
        elif getattr(layer, "bias", None) is not None:
            layer.bias.data.normal_(0, 0.1, generator=generator)
    for name, weight in model.named_parameters():
        if name.endswith("gain"):
            weight.data.uniform_(0.5, 1.5, generator=generator)
    with torch.no_grad():
        without_dropping(model).double().train()(torch.randn(8, 3, size, size, generator=generator).double())
    return model.eval()


def images(seed, size=SIZE):
    return torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def relative(one, other):
    """Largest difference, relative to the largest value."""
    return float((one - other).abs().max() / one.abs().max())


def largest_difference(one, other, x):
    with torch.no_grad():
        return relative(one(x), other(x))


def gradients(module, x):
    """Gradients of the weights of the first and the last layer that run, in train mode."""
    order = []
    handles = [
        layer.register_forward_pre_hook(lambda layer, _: order.append(layer))
        for layer in module.modules()
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear))
    ]
    outputs = module.train()(x)
    for handle in handles:
        handle.remove()
    generator = torch.Generator().manual_seed(2)
    weights = torch.randn(outputs.shape, generator=generator, dtype=torch.float64)
    first, last = order[0].weight, order[-1].weight
    return torch.autograd.grad((outputs * weights).sum(), (first, last))


@pytest.mark.parametrize("name", CASES)
def test_outputs_and_gradients_equal_the_library_s(name):
    torch.manual_seed(0)
    size = SIZES.get(name, SIZE)
    source = telling(MODELS[name](), size)
    with torch.no_grad():
        first, second = source(images(7, size))
    assert (first - second).abs().max() > 0.1 * first.abs().max()  # the test can fail: outputs differ by input
    ours = build(load(name).at(image_size=size), dropout=0.0, drop_path=0.0).double().eval()
    copy_weights(source, ours, images(3, size))
    assert largest_difference(source, ours, images(7, size)) <= 1e-9
    for theirs, mine in zip(gradients(source, images(8, size)), gradients(ours, images(8, size)), strict=True):
        assert relative(theirs.flatten(), mine.flatten()) <= 1e-9
    swapped = swap_two_equal_shaped(ours.eval())
    assert largest_difference(source.eval(), swapped, images(7, size)) > 1e-3  # and by weights


def swap_two_equal_shaped(module):
    """Exchange the values of the first two kernels of equal shape, or of two biases where no kernels are."""
    seen: dict[tuple[int, ...], torch.Tensor] = {}
    for weight in sorted(module.parameters(), key=lambda weight: -weight.dim()):
        if tuple(weight.shape) in seen:
            other = seen[tuple(weight.shape)]
            kept = other.data.clone()
            other.data.copy_(weight.data)
            weight.data.copy_(kept)
            return module
        seen[tuple(weight.shape)] = weight
    raise LookupError("no two weights of equal shape")


def test_every_network_is_compared_with_a_library_or_counted_by_hand():
    assert {*MODELS, *BY_HAND} == set(names())


def test_another_network_is_refused_by_the_layer_that_nothing_explains():
    source = telling(MODELS["efficientnet-b0"](), SIZE)
    ours = build(load("resnet-50").at(image_size=SIZE)).double().eval()
    with pytest.raises(ValueError, match=r"no unused layer of the source explains stem\.0\.0\.conv"):
        copy_weights(source, ours, images(3))
