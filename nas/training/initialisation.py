"""Initial weights by name and kind of layer, and statistics of batch norms estimated anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from nas.training.recipe import Recipe

Layer = nn.Conv2d | nn.Linear


def _as_made(layer: Layer) -> None:
    """torch's own."""


def _kaiming(layer: Layer) -> None:
    """Normal by fan-out for convolutions (He et al. 2015), of deviation 0.01 for linear layers."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    else:
        nn.init.normal_(layer.weight, std=0.01)


def _efficientnet(layer: Layer) -> None:
    """Normal by the fan-out of one group for convolutions, uniform in ± 1 / √outputs for linear layers (Tan & Le's
    code)."""
    if isinstance(layer, nn.Conv2d):
        fan_out = layer.out_channels * layer.weight[0, 0].numel() // layer.groups
        nn.init.normal_(layer.weight, std=(2 / fan_out) ** 0.5)
    else:
        reach = layer.out_features**-0.5
        nn.init.uniform_(layer.weight, -reach, reach)


INITS: dict[str, Callable[[Layer], None]] = {"torch": _as_made, "kaiming": _kaiming, "efficientnet": _efficientnet}


def initialise(module: nn.Module, recipe: Recipe) -> None:
    """Weights by the recipe's initialisation, biases 0 (but for torch's own), and its momentum for batch norms."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d) and recipe.bn_momentum is not None:
            layer.momentum = recipe.bn_momentum
        if isinstance(layer, nn.Conv2d | nn.Linear) and recipe.init != "torch":
            INITS[recipe.init](layer)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def refresh(module: nn.Module, batches: Iterable[Tensor]) -> None:
    """Statistics of batch norms, but for frozen ones, as plain means over ``batches`` of normalised images."""
    kinds = nn.BatchNorm2d | nn.SyncBatchNorm
    norms = [layer for layer in module.modules() if isinstance(layer, kinds) and layer.weight.requires_grad]
    momenta = [norm.momentum for norm in norms]
    module.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    with torch.no_grad():
        for x in batches:
            module(x)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
