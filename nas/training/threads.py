"""Whether a training on the CPU is faster with one thread or with all: measured, because it depends on the size of the
network and on what else the machine does."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from nas.module.network import build
from nas.module.threads import faster_count
from search_spaces import Architecture, cost

LARGE = 2 * 10**8  # MACs of one image, from which all cores pay
MAX_MACS = 5 * 10**8  # of the forward pass of a step that is measured, which then takes about 0.1 s


def threads_by_size(network: Architecture, most: int) -> int:
    """``most`` for a large network, 1 for others: the same on every run, for results that must repeat."""
    return most if cost(network).macs > LARGE else 1


def faster_threads(network: Architecture, batch: int, most: int) -> int:
    """1 or ``most`` threads for training ``network`` with ``batch`` images a step, by steps of as many of them as are
    quickly computed. The caller's random numbers are as before afterwards."""
    if most == 1:
        return 1
    images = max(2, min(batch, MAX_MACS // max(1, cost(network).macs)))
    with torch.random.fork_rng([]):
        return faster_count(training_step(network, images), most)


def training_step(network: Architecture, images: int) -> Callable[[], None]:
    """A forward and a backward pass of so many random images, in float32 and channels_last."""
    module: nn.Module = build(network, training=True).to(memory_format=torch.channels_last)
    x = torch.randn(images, network.in_channels, network.image_size, network.image_size)
    x = x.to(memory_format=torch.channels_last)
    labels = torch.zeros(images, dtype=torch.long)

    def step() -> None:
        module.zero_grad(set_to_none=True)
        output = module(x)
        logits, auxiliary = output if isinstance(output, tuple) else (output, [])
        torch.autograd.backward([F.cross_entropy(scores, labels) for scores in (logits, *auxiliary)])

    return step
