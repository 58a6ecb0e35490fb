"""Muon: orthogonal steps for kernels that mix channels, AdamW's for the rest."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import nn

from nas.training.loop import train
from nas.training.muon import Muon, mixes_channels, orthogonalised
from nas.training.optimisers import optimiser
from nas.training.recipes import RECIPES
from nas.training.settings import settings_for


@pytest.mark.parametrize("shape", [(8, 8), (6, 20), (20, 6), (1, 5)])
def test_singular_values_become_about_1_and_their_vectors_stay(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 1e-4
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    turned = u.T @ orthogonalised(matrix) @ v.T
    values = turned.diagonal()
    assert torch.allclose(turned, values.diag(), atol=1e-4)
    assert values.min() > 0.3  # of the smallest, which five rounds do not bring up to 0.7
    assert values.max() < 1.25


def test_nothing_is_made_of_nothing():
    assert torch.equal(orthogonalised(torch.zeros(3, 4)), torch.zeros(3, 4))


def test_kernels_are_those_of_convolutions_that_are_not_depthwise():
    kernels = {
        nn.Conv2d(4, 4, 3): True,
        nn.Conv2d(4, 8, 1): True,
        nn.Conv2d(4, 8, 3, groups=2): True,
        nn.Conv2d(4, 4, 3, groups=4): False,
        nn.Linear(4, 4): False,
        nn.BatchNorm2d(4): False,
    }
    assert [mixes_channels(layer.weight) for layer in kernels] == list(kernels.values())


def gradients(weights, step):
    generator = torch.Generator().manual_seed(step)
    return [torch.randn(weight.shape, generator=generator) for weight in weights]


def steps(stepper, weights, numbers):
    for step in numbers:
        for group in stepper.param_groups:
            group["lr"] = 0.02 * 0.9**step
        for weight, gradient in zip(weights, gradients(weights, step), strict=True):
            weight.grad = gradient
        stepper.step()


def test_kernels_step_as_by_torch_and_the_rest_exactly_as_by_adamw():
    ours = [nn.Parameter(weight) for weight in gradients([torch.empty(6, 10, 1, 1), torch.empty(5, 3)], 99)]
    kernel, linear = (nn.Parameter(weight.detach().clone()) for weight in ours)
    kernel = nn.Parameter(kernel.detach().flatten(1))
    start = kernel.detach().clone()
    muon = torch.optim.Muon([kernel], weight_decay=0.3, momentum=0.9, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW([linear], weight_decay=0.3, betas=(0.9, 0.999), foreach=True)
    with torch.autocast("cpu", torch.bfloat16):
        steps(Muon([{"params": ours, "weight_decay": 0.3}], 0.02, 0.9), ours, range(8))
    for step in range(8):
        for stepper in (muon, adamw):
            stepper.param_groups[0]["lr"] = 0.02 * 0.9**step
        kernel.grad, linear.grad = (
            gradient.view(weight.shape)
            for gradient, weight in zip(gradients(ours, step), (kernel, linear), strict=True)
        )
        muon.step()
        adamw.step()
    assert torch.equal(ours[1], linear)
    moved = (kernel - start).norm()
    assert (ours[0].flatten(1) - kernel).norm() < 0.01 * moved  # bfloat16 has eight binary digits


def test_what_is_stored_goes_on_as_if_nothing_had_been():
    first = gradients([torch.empty(6, 10, 3, 3), torch.empty(4, 1, 3, 3), torch.empty(5)], 99)
    whole, halves = ([nn.Parameter(weight.clone()) for weight in first] for _ in range(2))
    steps(Muon(whole, 0.02, 0.9), whole, range(6))
    before, after = Muon(halves, 0.02, 0.9), Muon(halves, 0.02, 0.9)
    steps(before, halves, range(3))
    after.load_state_dict(deepcopy(before.state_dict()))
    steps(after, halves, range(3, 6))
    assert all(torch.equal(one, other) for one, other in zip(whole, halves, strict=True))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_network_learns_by_it(network, noisy, quick, dtype):
    recipe = replace(quick, optimiser="muon", lr=0.01, epochs=3)
    losses = []
    report = lambda epoch, metrics: losses.append(metrics["loss"]) or True  # noqa: E731
    train(network, noisy, recipe, settings=settings_for(recipe, "cpu", dtype=dtype), report=report)
    assert losses[-1] < losses[0]


def test_a_recipe_names_it():
    layer = nn.Conv2d(3, 4, 3)
    stepper = optimiser(layer, replace(RECIPES["plain"], optimiser="muon", lr=0.02, weight_decay=0.3, momentum=0.8))
    assert isinstance(stepper, Muon)
    assert [group["weight_decay"] for group in stepper.param_groups] == [0.3, 0.0]
    assert stepper.defaults["betas"] == (0.8, 0.999)


def test_the_recipe_is_fast_but_for_the_optimiser():
    """What is measured side by side stays so."""
    muon = RECIPES["muon"]
    of_the_optimiser = {name: getattr(muon, name) for name in ("name", "optimiser", "lr", "weight_decay", "warm_up")}
    assert muon == replace(RECIPES["fast"], **of_the_optimiser)
    assert muon.optimiser == "muon"
