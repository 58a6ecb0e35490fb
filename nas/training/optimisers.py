"""Optimisers and the learning rate's way through a training."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from nas.training.recipe import Recipe


class TensorFlowRMSprop(torch.optim.Optimizer):
    """RMSprop as EfficientNet was trained with: epsilon inside the root, the mean square starts at 1, and the rate is
    part of what momentum carries (tf.train.RMSPropOptimizer). Weight decay is added to the gradient."""

    def __init__(self, params: Any, lr: float, decay: float, momentum: float, eps: float) -> None:
        super().__init__(params, {"lr": lr, "decay": decay, "momentum": momentum, "eps": eps, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            own = [each for each in group["params"] if each.grad is not None]
            if own:
                self._update(own, group)

    def _update(self, own: list[Tensor], group: dict[str, Any]) -> None:
        for each in own:
            if not self.state[each]:
                self.state[each] = {"square": torch.ones_like(each), "carried": torch.zeros_like(each)}
        gradients: Any = [each.grad for each in own]
        if group["weight_decay"]:
            gradients = torch._foreach_add(gradients, own, alpha=group["weight_decay"])
        squares = [self.state[each]["square"] for each in own]
        carried = [self.state[each]["carried"] for each in own]
        torch._foreach_lerp_(squares, torch._foreach_mul(gradients, gradients), 1 - group["decay"])
        roots = torch._foreach_add(squares, group["eps"])
        torch._foreach_sqrt_(roots)
        torch._foreach_mul_(carried, group["momentum"])
        torch._foreach_addcdiv_(carried, gradients, roots, value=group["lr"])
        torch._foreach_sub_(own, carried)


def _sgd(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=recipe.momentum > 0, fused=True)


def _adamw(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups, lr=recipe.lr, betas=(recipe.momentum, 0.999), fused=True)


def _rmsprop(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
    return TensorFlowRMSprop(groups, recipe.lr, recipe.decay, recipe.momentum, recipe.eps)


OPTIMISERS: dict[str, Callable[[list[dict[str, Any]], Recipe], torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adamw": _adamw,
    "rmsprop": _rmsprop,
}


def optimiser(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimiser of what is trainable; weight decay on matrices and kernels only."""
    trainable = [each for each in module.parameters() if each.requires_grad]
    weights = [each for each in trainable if each.dim() > 1]
    others = [each for each in trainable if each.dim() <= 1]
    groups = [
        {"params": weights, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return OPTIMISERS[recipe.optimiser]([group for group in groups if group["params"]], recipe)


def rate(share: float, recipe: Recipe) -> float:
    """Learning rate at ``share`` (0 to 1) of the training: linear warm-up, then a cosine to 0 (Loshchilov & Hutter
    2017), or steps of ``decay_rate``."""
    if share < recipe.warm_up:
        return recipe.lr * share / recipe.warm_up
    if recipe.schedule == "step":
        steps = math.floor(share * recipe.epochs / recipe.decay_epochs)
        return recipe.lr * float(recipe.decay_rate**steps)
    return recipe.lr * 0.5 * (1 + math.cos(math.pi * (share - recipe.warm_up) / (1 - recipe.warm_up)))
