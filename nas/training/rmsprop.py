"""RMSprop as TensorFlow has it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class TensorFlowRMSprop(torch.optim.Optimizer):
    """RMSprop as EfficientNet was trained with: epsilon inside the root, the mean square starts at 1, and the rate is
    part of what momentum carries (tf.train.RMSPropOptimizer). Weight decay is added to the gradient."""

    def __init__(self, params: Any, lr: float, decay: float, momentum: float, eps: float) -> None:
        super().__init__(params, {"lr": lr, "decay": decay, "momentum": momentum, "eps": eps, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if weights:
                self._update(weights, group)

    def _update(self, weights: list[Tensor], group: dict[str, Any]) -> None:
        for weight in weights:
            if not self.state[weight]:
                self.state[weight] = {"square": torch.ones_like(weight), "carried": torch.zeros_like(weight)}
        gradients: Any = [weight.grad for weight in weights]
        if group["weight_decay"]:
            gradients = torch._foreach_add(gradients, weights, alpha=group["weight_decay"])
        squares = [self.state[weight]["square"] for weight in weights]
        carried = [self.state[weight]["carried"] for weight in weights]
        torch._foreach_lerp_(squares, torch._foreach_mul(gradients, gradients), 1 - group["decay"])
        roots = torch._foreach_add(squares, group["eps"])
        torch._foreach_sqrt_(roots)
        torch._foreach_mul_(carried, group["momentum"])
        torch._foreach_addcdiv_(carried, gradients, roots, value=group["lr"])
        torch._foreach_sub_(weights, carried)
