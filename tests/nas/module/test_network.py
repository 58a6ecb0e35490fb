from __future__ import annotations

import copy

import pytest
import torch
import torchvision

from nas.module.activations import ACTS
from nas.module.layers import MAX_PRODUCT_SIDE, DepthwiseConv, DropPath, PointwiseConv
from nas.module.network import build
from nas.module.operations import OPERATIONS
from search_spaces import (
    Architecture,
    Aux,
    Conv,
    Defaults,
    Head,
    LocalResponseNorm,
    Norm,
    Pool,
    Stage,
    UserError,
    WeightStandardization,
    cost,
    load,
)
from search_spaces.network import activations, ops


@pytest.mark.parametrize("side", [1, 2, 3, 5])
@pytest.mark.parametrize("kernel", [3, 5, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_shortcuts_on_small_maps_change_nothing(side, kernel, stride):
    torch.manual_seed(side * kernel)
    assert_trained_as_evaluated(DepthwiseConv(6, 6, kernel, stride=stride, padding=kernel // 2, groups=6), side)


@pytest.mark.parametrize("side", [1, 5, MAX_PRODUCT_SIDE, MAX_PRODUCT_SIDE + 1])
@pytest.mark.parametrize("bias", [False, True])
def test_pointwise_shortcuts_on_small_maps_change_nothing(side, bias):
    torch.manual_seed(side)
    assert_trained_as_evaluated(PointwiseConv(6, 4, 1, bias=bias), side)


def assert_trained_as_evaluated(layer, side):
    """Equal outputs and gradients in both modes, in memory as it is while training."""
    layer, results = layer.double().to(memory_format=torch.channels_last), []
    for mode in (True, False):
        x = torch.linspace(-1, 1, 2 * 6 * side * side, dtype=torch.float64).view(2, 6, side, side)
        x = x.to(memory_format=torch.channels_last).requires_grad_()
        layer.train(mode).zero_grad()
        y = layer(x)
        y.square().sum().backward()
        assert y.is_contiguous(memory_format=torch.channels_last)
        results.append((y.detach(), x.grad, *(parameter.grad.clone() for parameter in layer.parameters())))
    for ours, torchs in zip(*results, strict=True):
        assert torch.allclose(ours, torchs, rtol=1e-12, atol=1e-12)


def test_every_operation_and_activation_of_the_language_can_be_built():
    assert set(ACTS) == set(activations.ACTS)
    assert set(OPERATIONS) == set(ops.Op.__subclasses__()) - {ops.Input, ops.Act}


def test_drop_path_rates_are_torchvision_s():
    ours = [layer.rate for layer in build(load("efficientnet-b0")).modules() if isinstance(layer, DropPath)]
    blocks = torchvision.models.efficientnet_b0().features.modules()
    theirs = [m.stochastic_depth.p for m in blocks if getattr(m, "use_res_connect", False)]
    assert ours == pytest.approx(theirs)
    assert len(ours) == 9


def test_rates_can_be_overridden_and_zero_leaves_no_module():
    assert not any(isinstance(layer, DropPath) for layer in build(load("efficientnet-b0"), drop_path=0.0).modules())
    [dropout] = [m for m in build(load("efficientnet-b0"), dropout=0.4).modules() if isinstance(m, torch.nn.Dropout)]
    assert dropout.p == 0.4


def test_drop_path_drops_whole_images_and_keeps_the_mean():
    torch.manual_seed(0)
    layer = DropPath(0.5).train()
    y = layer(torch.ones(4000, 2, 3, 3)).flatten(1)
    assert set(y.unique().tolist()) == {0.0, 2.0}
    assert (y == y[:, :1]).all()
    assert abs(float((y[:, 0] == 0).float().mean()) - 0.5) < 0.04
    assert torch.equal(layer.eval()(y), y)


def test_auxiliary_classifiers_exist_in_training_only():
    network = load("googlenet").at(64, 10)
    plain, trained = build(network), build(network, training=True)
    count = sum(weight.numel() for weight in trained.parameters()) - sum(
        weight.numel() for weight in plain.parameters()
    )
    assert count == cost(network).aux_params
    x = torch.randn(2, 3, 64, 64)
    logits, auxiliary = trained.train()(x)
    assert [output.shape for output in (logits, *auxiliary)] == [(2, 10)] * 3
    assert trained.eval()(x).shape == (2, 10)
    names = list(trained.state_dict())
    assert names[: len(plain.state_dict())] == list(plain.state_dict())  # registered last


def test_an_auxiliary_classifier_needs_its_stage():
    with pytest.raises(UserError, match=r"^aux\.0\.after: must name one of 1 stages, got stages\.1$"):
        Architecture(stages=(Stage(Conv(), out=8),), aux=(Aux(after="stages.1"),))


def test_the_state_dict_is_in_the_order_of_execution():
    module = build(load("efficientnet-b0").at(32, 10)).eval()
    ran: list[str] = []
    for name, layer in module.named_modules():
        if any(True for _ in layer.parameters(recurse=False)):
            layer.register_forward_hook(lambda *_, name=name: ran.append(name))
    module(torch.randn(1, 3, 32, 32))
    assert ran == list(dict.fromkeys(name.rpartition(".")[0] for name in module.state_dict()))


def test_it_copies_exports_compiles_and_takes_replaced_layers():
    network = load("resnet-18").at(32, 4)
    module, x = build(network).eval(), torch.randn(2, 3, 32, 32)
    expected = module(x)
    assert torch.equal(copy.deepcopy(module)(x), expected)
    assert torch.equal(torch.export.export(module, (x,)).module()(x), expected)
    assert torch.equal(torch.compile(module, backend="eager")(x), expected)
    synchronised, ran = torch.nn.SyncBatchNorm.convert_sync_batchnorm(module), []
    for layer in synchronised.modules():
        layer.register_forward_hook(lambda layer, *_: ran.append(type(layer)))
    assert torch.equal(synchronised(x), expected)
    assert torch.nn.SyncBatchNorm in ran
    assert torch.nn.BatchNorm2d not in ran


@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("size", [7, 8])
def test_same_padding_of_pools_is_tensorflow_s(mode, size):
    """By hand: windows that hang over the lower right edge see the values inside only."""
    pool = Stage(Pool(mode=mode, kernel=3, padding="same"), stride=2)
    network = Architecture(image_size=size, classes=3, stages=(pool,), head=Head())
    x = torch.randn(1, 3, size, size)
    module = build(network).eval()
    pooled = module.values(x)[1]
    before = {7: 1, 8: 0}[size]  # total padding 2 or 1; the odd pixel goes below
    reduce = torch.amax if mode == "max" else torch.mean
    for row in range(4):
        for column in range(4):
            top, left = row * 2 - before, column * 2 - before
            window = x[:, :, max(0, top) : top + 3, max(0, left) : left + 3]
            assert torch.allclose(pooled[:, :, row, column], reduce(window, dim=(2, 3)))


def test_same_convolutions_at_stride_two_are_counted_and_run():
    network = Architecture(image_size=9, classes=3, stages=(Stage(Conv(kernel=3, padding="same"), out=4, stride=2),))
    assert build(network).eval()(torch.randn(1, 3, 9, 9)).shape == (1, 3)
    assert cost(network).macs == 5 * 5 * 4 * 27 + 4 * 3


@pytest.mark.parametrize("size", [1, 4, 5])
def test_local_response_normalisation_is_the_paper_s(size):
    """Krizhevsky et al. 2012, sec. 3.3, written out: the sum runs over ``size`` channels around each."""
    kind = LocalResponseNorm(size=size, alpha=0.3, beta=0.75, k=2)
    network = Architecture(image_size=4, classes=2, in_channels=7, stages=(Stage(Norm(norm=kind)),))
    x = torch.randn(2, 7, 4, 4, dtype=torch.float64)
    module = build(network).double().eval()
    expected = torch.empty_like(x)
    for i in range(7):
        low, high = max(0, i - size // 2), min(6, i + (size - 1) // 2)
        near = (x[:, low : high + 1] ** 2).sum(dim=1)
        expected[:, i] = x[:, i] / (2 + 0.3 * near) ** 0.75
    assert torch.allclose(module.values(x)[1], expected, rtol=1e-12)


@pytest.mark.parametrize(("gain_in", "node"), [("weight", 2), ("act", 3)])
def test_weight_standardisation_keeps_the_variance_of_the_signal(gain_in, node):
    """Brock et al. 2021, sec. 2: convolution and activation make unit variance of a unit normal."""
    torch.manual_seed(0)
    row = Stage(Conv(kernel=1, bias=False), out=256)
    defaults = Defaults(act="relu", norm=WeightStandardization(gain_in=gain_in))
    network = Architecture(image_size=32, in_channels=64, classes=2, stages=(row,), defaults=defaults)
    module = build(network).double().eval()
    x = torch.randn(4, 64, 32, 32, dtype=torch.float64)
    y = module.values(x)[node]
    assert y.shape == (4, 256, 32, 32)
    assert abs(float(y.detach().var()) - 1) < 0.05
