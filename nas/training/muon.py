"""Muon for the kernels of convolutions, AdamW for the rest."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim import AdamW

from nas.training.uncompiled import uncompiled

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the odd polynomial of degree 5 that takes small singular values up fastest (Jordan et al. 2024)."""
ROUNDS = 5
TYPICAL_STEP = 0.2  # root mean square of AdamW's steps, in learning rates
LEAST_NORM = 1e-7


class Muon(uncompiled(AdamW)):  # type: ignore[misc]
    """Kernels (out, in, height, width) of convolutions that mix channels step along their momentum with all singular
    values made about 1 (Muon, Jordan et al. 2024), by as much as AdamW would (Liu et al. 2025, sec. 2.2). Kernels of
    one input channel (depthwise, or on grey images), norms, biases and linear layers take AdamW's steps. Weight decay
    is decoupled. Matrices are multiplied in the number format of the autocast that :meth:`step` is called in."""

    def __init__(self, params: Any, lr: float, momentum: float) -> None:
        super().__init__(params, lr=lr, betas=(momentum, 0.999), foreach=True)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step; AdamW's leaves out what has no gradient, so kernels have none after theirs."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None and mixes_channels(weight):
                    self._step_kernel(weight, weight.grad, group)
                    weight.grad = None
        super().step()

    def _step_kernel(self, kernel: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        lr, momentum = group["lr"], group["betas"][0]
        state = self.state[kernel]
        if not state:
            state.update(step=torch.zeros(()), exp_avg=torch.zeros_like(kernel))  # by the names that AdamW loads
        mean = state["exp_avg"].lerp_(gradient, 1 - momentum)
        ahead = torch.lerp(gradient, mean, momentum)  # Nesterov's
        direction = orthogonalised(ahead.flatten(1))
        kernel.mul_(1 - lr * group["weight_decay"])
        kernel.add_(direction.reshape(kernel.shape), alpha=-lr * TYPICAL_STEP * max(direction.shape) ** 0.5)


def mixes_channels(weight: Tensor) -> bool:
    """Whether a weight is the kernel (out, in, height, width) of a convolution of more than one input channel."""
    return weight.dim() == 4 and weight.shape[1] > 1


def orthogonalised(matrix: Tensor) -> Tensor:
    """The matrix (rows, columns) with its singular values, but for very small ones, brought to about 0.7 to 1.2 by
    Newton and Schulz's iteration (Jordan et al. 2024); the vectors stay."""
    a, b, c = COEFFICIENTS
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if is_tall else matrix
    x = x / x.norm().clamp_min(LEAST_NORM)
    for _ in range(ROUNDS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if is_tall else x
