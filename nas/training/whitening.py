"""A first convolution that begins by whitening what it sees (Jordan 2024, sec. 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nas.training.batches import Batches

IMAGES = 2_000  # whose patches are looked at
AT_ONCE = 250  # of these
EPS = 5e-4  # added to the variances


def whiten(module: nn.Module, images: Batches) -> None:
    """Filters of the first convolution: the strongest principal components of patches of evenly spaced training images,
    each divided by its deviation, with both signs; filters that are left over stay as they are. A first convolution in
    groups is left alone."""
    conv = next((layer for layer in module.modules() if isinstance(layer, nn.Conv2d)), None)
    if conv is None or conv.groups > 1:
        return
    filters = _components(_covariance(images, conv.kernel_size))[: (conv.out_channels + 1) // 2]
    signed = torch.cat([filters, -filters])[: conv.out_channels]
    with torch.no_grad():
        conv.weight[: len(signed)] = signed.view(-1, *conv.weight.shape[1:]).to(conv.weight)


def _covariance(images: Batches, kernel: tuple[int, ...]) -> Tensor:
    """Second moments (values, values) of all patches of ``kernel`` pixels, in float64."""
    index = torch.linspace(0, len(images) - 1, min(IMAGES, len(images))).long()
    total, count = torch.zeros(()), 0
    for chunk in images.chunks(list(index.split(AT_ONCE))):  # type: ignore[no-untyped-call]
        patches = F.unfold(images.plain(chunk), kernel).transpose(1, 2).flatten(0, 1)
        total = total + (patches.T @ patches).double().cpu()
        count += len(patches)
    return total / count


def _components(covariance: Tensor) -> Tensor:
    """Whitening filters (values, values), those of the greatest variance first."""
    variances, vectors = torch.linalg.eigh(covariance)
    filters: Tensor = (vectors / (variances + EPS).sqrt()).T.flip(0)
    return filters
