"""How many threads a network trains fastest with on the CPU, as measured.

Threads wait for each other several times a layer: where layers take microseconds, or other processes are on the cores,
a second thread makes a training slower.
"""

from __future__ import annotations

import time

import torch

from nas.module.network import build
from nas.module.threads import threads
from search_spaces import Architecture, cost

LARGE = 200_000_000  # MACs of one image, from which all cores pay
MACS = 300_000_000  # of the images of a step that is timed
ROUNDS = 3  # of timed steps with one thread and with all, by turns
GAIN = 0.9  # of the time with one thread, above which it stays at one


def threads_by_size(network: Architecture, cores: int) -> int:
    """``cores`` for a large network, 1 for others: the same on every run, where results must repeat."""
    return cores if cost(network).macs > LARGE else 1


def measured_threads(network: Architecture, cores: int, images: int) -> int:
    """1 or ``cores``: whichever trains a step of ``images`` faster, in the best of three short steps each; one where
    they differ by less than a tenth. A large network is not measured: it gets all."""
    if threads_by_size(network, cores) == cores:
        return cores
    batch = max(2, min(images, MACS // cost(network).macs))
    with torch.random.fork_rng([]):
        step = _Step(network, batch)
        times = [(step.seconds(1), step.seconds(cores)) for _ in range(1 + ROUNDS)][1:]
    one, several = (min(column) for column in zip(*times, strict=True))
    return cores if several < GAIN * one else 1


class _Step:
    """Forward and backward pass of random images."""

    def __init__(self, network: Architecture, batch: int) -> None:
        self._module = build(network, training=True).to(memory_format=torch.channels_last)
        shape = (batch, network.in_channels, network.image_size, network.image_size)
        self._images = torch.randn(shape).to(memory_format=torch.channels_last)

    def seconds(self, count: int) -> float:
        """The time that it takes with so many threads."""
        with threads(count):
            start = time.perf_counter()
            output = self._module(self._images)
            logits = output[0] if isinstance(output, tuple) else output
            logits.sum().backward()
            return time.perf_counter() - start
