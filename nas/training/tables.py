"""Optimisers, schedules, initialisations and test-time augmentations by name; the keys are what a recipe accepts, and
`--tta`.

Recipes are read without torch, so it is imported when a function is called.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch
    from torch import nn

    Layer = nn.Conv2d | nn.Linear

Groups = list[dict[str, Any]]


def _sgd(groups: Groups, lr: float, momentum: float, **_: float) -> Any:
    from torch.optim import SGD

    from nas.training.uncompiled import uncompiled

    return uncompiled(SGD)(groups, lr=lr, momentum=momentum, nesterov=momentum > 0, fused=True)


def _adamw(groups: Groups, lr: float, momentum: float, **_: float) -> Any:
    from torch.optim import AdamW

    from nas.training.uncompiled import uncompiled

    return uncompiled(AdamW)(groups, lr=lr, betas=(momentum, 0.999), fused=True)


def _rmsprop(groups: Groups, lr: float, momentum: float, decay: float, eps: float) -> Any:
    from nas.training.rmsprop import TensorFlowRMSprop
    from nas.training.uncompiled import uncompiled

    return uncompiled(TensorFlowRMSprop)(groups, lr, decay, momentum, eps)


def _muon(groups: Groups, lr: float, momentum: float, **_: float) -> Any:
    from nas.training.muon import Muon

    return Muon(groups, lr, momentum)


OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adamw": _adamw,
    "rmsprop": _rmsprop,
    "muon": _muon,
}

RATE_EXPONENTS: dict[str, float] = {"sgd": 1.0, "adamw": 0.5, "rmsprop": 0.5, "muon": 0.5}
"""By which power of the batch the rate of an optimiser grows."""


def _cosine(share: float, warm_up: float, **_: float) -> float:
    """From 1 to 0 after the warm-up (Loshchilov & Hutter 2017)."""
    return 0.5 * (1 + math.cos(math.pi * (share - warm_up) / (1 - warm_up)))


def _linear(share: float, warm_up: float, **_: float) -> float:
    """From 1 to 0 in a straight line after the warm-up: a triangle (Smith 2017)."""
    return (1 - share) / (1 - warm_up)


def _step(share: float, epochs: float, decay_epochs: float, decay_rate: float, **_: float) -> float:
    """Times ``decay_rate`` every ``decay_epochs``."""
    return float(decay_rate ** math.floor(share * epochs / decay_epochs))


SCHEDULES: dict[str, Callable[..., float]] = {"cosine": _cosine, "linear": _linear, "step": _step}


def _torch(layer: Layer) -> None:
    """Weights and biases as torch has drawn them."""


def _kaiming(layer: Layer) -> None:
    """Normal by fan-out for convolutions (He et al. 2015), of deviation 0.01 for linear layers; biases 0."""
    from torch import nn

    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    else:
        nn.init.normal_(layer.weight, std=0.01)
    _zero_bias(layer)


def _efficientnet(layer: Layer) -> None:
    """Normal by the fan-out of one group for convolutions, uniform in ± 1 / √outputs for linear layers (Tan & Le's
    code); biases 0."""
    from torch import nn

    if isinstance(layer, nn.Conv2d):
        fan_out = layer.out_channels * layer.weight[0, 0].numel() // layer.groups
        nn.init.normal_(layer.weight, std=(2 / fan_out) ** 0.5)
    else:
        reach = layer.out_features**-0.5
        nn.init.uniform_(layer.weight, -reach, reach)
    _zero_bias(layer)


def _dirac(layer: Layer) -> None:
    """As torch draws them, but convolutions of more than one tap begin with as many channels as they can pass on
    unchanged (Zagoruyko & Komodakis 2017; Jordan 2024)."""
    from torch import nn

    if isinstance(layer, nn.Conv2d) and layer.groups == 1 and layer.weight[0, 0].numel() > 1:
        nn.init.dirac_(layer.weight.data[: layer.in_channels])


def _zero_bias(layer: Layer) -> None:
    from torch import nn

    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


INITIALISATIONS: dict[str, Callable[[Layer], None]] = {
    "torch": _torch,
    "kaiming": _kaiming,
    "efficientnet": _efficientnet,
    "dirac": _dirac,
}

NO_TTA = "none"


def _plain(module: nn.Module, x: torch.Tensor) -> Any:
    return module(x)


def _mirror(module: nn.Module, x: torch.Tensor) -> Any:
    """Mean logits of each image and its mirror image."""
    return (module(x) + module(x.flip(-1))) / 2


def _shifts(module: nn.Module, x: torch.Tensor) -> Any:
    """``mirror`` of each image, and of it shifted by a pixel down and up the diagonal at half the weight each, borders
    mirrored (Jordan 2024, sec. 3.5)."""
    from torch.nn import functional as F

    side, wide = x.shape[-1], F.pad(x, (1, 1, 1, 1), mode="reflect")
    shifted = [wide[..., at : at + side, at : at + side] for at in (0, 2)]
    return _mirror(module, x) / 2 + sum(_mirror(module, image) for image in shifted) / 4


class Tta(NamedTuple):
    """How often each image is computed, and how: ``logits`` goes from a module in evaluation mode and images (N, C, H,
    W) to logits (N, classes)."""

    passes: int
    logits: Callable[[nn.Module, torch.Tensor], Any]


TTA: dict[str, Tta] = {NO_TTA: Tta(1, _plain), "mirror": Tta(2, _mirror), "shifts": Tta(6, _shifts)}
"""Test-time augmentations."""
