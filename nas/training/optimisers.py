"""A recipe's optimiser, and its learning rate over a training."""

from __future__ import annotations

import torch
from torch import nn

from nas.training.recipe import Recipe
from nas.training.tables import OPTIMISERS, SCHEDULES


def optimiser(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimiser of what is trainable; weight decay on matrices and kernels only."""
    trainable = [parameter for parameter in module.parameters() if parameter.requires_grad]
    groups = [
        {"params": [weight for weight in trainable if weight.dim() > 1], "weight_decay": recipe.weight_decay},
        {"params": [other for other in trainable if other.dim() <= 1], "weight_decay": 0.0},
    ]
    return OPTIMISERS[recipe.optimiser](
        [group for group in groups if group["params"]],
        lr=recipe.lr,
        momentum=recipe.momentum,
        decay=recipe.decay,
        eps=recipe.eps,
    )


def rate(share: float, recipe: Recipe) -> float:
    """Learning rate at ``share`` (0 to 1) of the training: linear warm-up, then the recipe's schedule."""
    if share < recipe.warm_up:
        return recipe.lr * share / recipe.warm_up
    return recipe.lr * SCHEDULES[recipe.schedule](
        share,
        warm_up=recipe.warm_up,
        epochs=recipe.epochs,
        decay_epochs=recipe.decay_epochs,
        decay_rate=recipe.decay_rate,
    )
