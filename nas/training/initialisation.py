"""Initial weights by a recipe, and statistics of batch norms estimated anew."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from nas.training.recipe import Recipe
from nas.training.tables import INITIALISATIONS


def initialise(module: nn.Module, recipe: Recipe) -> None:
    """Weights and biases by the recipe's initialisation, and its momentum for batch norms."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d) and recipe.bn_momentum is not None:
            layer.momentum = recipe.bn_momentum
        if isinstance(layer, nn.Conv2d | nn.Linear):
            INITIALISATIONS[recipe.init](layer)


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
