"""What a network's quality is guessed from without training it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from nas.proxies import activations, gradients, size

if TYPE_CHECKING:
    from torch import Tensor

    from nas.data.dataset import Data
    from search_spaces import Architecture

BATCH = 64  # images

Proxy = Callable[["Architecture", "Tensor", "Tensor"], float]
"""From the network as it is trained, normalised images (N, C, H, W) and labels (N,) to a number; which sign is better
has to be learnt from scores. It is a pure function of these: weights are drawn from one seed, and the caller's random
numbers are as before."""

TRIVIAL = ("params", "macs")  # what any other has to beat

PROXIES: dict[str, Proxy] = {
    "params": size.params,
    "macs": size.macs,
    "naswot": activations.naswot,
    "jacov": gradients.jacov,
    "synflow": gradients.synflow,
    "zico": gradients.zico,
}


def proxies_of(networks: Iterable[Architecture], data: Data) -> Iterator[dict[str, float]]:
    """Every proxy of each network as it is trained, on 64 images of the training split, evenly spaced; minus infinity
    where a network gives no signal."""
    for network in networks:
        images, labels = _batch(data, network.image_size, network.in_channels)
        values = {name: proxy(network, images, labels) for name, proxy in PROXIES.items()}
        yield {name: value if math.isfinite(value) else -math.inf for name, value in values.items()}


@lru_cache(maxsize=1)
def _batch(data: Data, side: int, in_channels: int) -> tuple[Tensor, Tensor]:
    import torch

    from nas.training.batches import normalised, statistics

    batches = normalised(data.train, statistics(data, in_channels), side, in_channels, "cpu")
    index = torch.linspace(0, len(batches) - 1, min(BATCH, len(batches))).long()
    chunk = next(batches.chunks([index]))
    return batches.plain(chunk), chunk.labels
