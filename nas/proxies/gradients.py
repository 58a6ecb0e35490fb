"""Proxies by one or two backward passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nas.proxies.untrained import untrained

if TYPE_CHECKING:
    from torch import Tensor, nn

    from search_spaces import Architecture

EPS = 1e-5  # added to the eigenvalues, as in the authors' code
PARTS = 4  # of the batch, whose gradients are compared


def jacov(network: Architecture, images: Tensor, labels: Tensor) -> float:
    """Minus the divergence of the correlations between images' input gradients from none (Mellor et al. 2020):
    −Σ (log(λ + ε) + 1 / (λ + ε)) over the eigenvalues λ of the correlation matrix."""
    import torch

    images = images.clone().requires_grad_()
    with untrained(network) as module:
        (gradient,) = torch.autograd.grad(module(images).sum(), images)
    correlations = torch.corrcoef(gradient.flatten(1).double())
    if not correlations.isfinite().all():
        return float("-inf")
    eigenvalues = torch.linalg.eigvalsh(correlations).clamp_min(0) + EPS
    return -float((eigenvalues.log() + 1 / eigenvalues).sum())


def synflow(network: Architecture, images: Tensor, labels: Tensor) -> float:
    """Logarithm of Σ |θ · ∂R/∂θ|, where R is the output for an image of ones by the absolute weights (Tanaka et al.
    2020, eq. 2), with norms left out, in float64."""
    import torch

    with untrained(network) as module:
        _leave_out_norms(module.double())
        with torch.no_grad():
            for weight in module.parameters():
                weight.abs_()
        weights = [weight for weight in module.parameters() if weight.requires_grad]
        output = module(torch.ones_like(images[:1], dtype=torch.float64)).sum()
        gradients = torch.autograd.grad(output, weights, allow_unused=True)
    products = [(w * g).abs().sum() for w, g in zip(weights, gradients, strict=True) if g is not None]
    return torch.stack(products).sum().log().item()


def zico(network: Architecture, images: Tensor, labels: Tensor) -> float:
    """Sum over convolutions and linear layers of log Σ mean |g| / deviation |g|, over parts of the batch; g is the
    gradient of a weight (Li et al. 2023, eq. 13)."""
    import torch
    from torch.nn import functional as F

    with untrained(network) as module:
        weights = [layer.weight for layer in module.modules() if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear)]
        parts = [
            torch.autograd.grad(F.cross_entropy(module(x), y), weights)
            for x, y in zip(images.chunk(PARTS), labels.chunk(PARTS), strict=True)
        ]
    total = 0.0
    for gradients in zip(*parts, strict=True):
        size = torch.stack(gradients).abs()
        deviation, mean = torch.std_mean(size, dim=0, correction=0)
        ratio = (mean / deviation)[deviation > 0].sum()
        total += float(ratio.log()) if ratio > 0 else 0.0
    return total


def _leave_out_norms(module: nn.Module) -> None:
    import torch

    for parent in list(module.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, torch.nn.BatchNorm2d):
                setattr(parent, name, torch.nn.Identity())
