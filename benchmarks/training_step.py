"""Our module's training step against torchvision's hand-written EfficientNet-B0, as a ratio in one run.

    python benchmarks/training_step.py [--image-size 64] [--batch 16] [--rounds 30]

Steps of both alternate, in channels_last, float32, one thread; times are CPU seconds, so that other work on the machine
counts less. The ratio is the median over rounds, with its quartiles.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from nas.module.network import build
from search_spaces import load


def stepper(module: nn.Module, x: torch.Tensor, y: torch.Tensor) -> Callable[[], float]:
    """A training step on the images ``x`` (N, 3, H, W) with labels ``y`` (N,), which returns its CPU seconds."""
    module.train().to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(module.parameters(), lr=1e-3)

    def step() -> float:
        start = time.process_time()
        optimiser.zero_grad()
        F.cross_entropy(module(x), y).backward()
        optimiser.step()
        return time.process_time() - start

    return step


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    shape = (options.batch, 3, options.image_size, options.image_size)
    x = torch.randn(shape).to(memory_format=torch.channels_last)
    y = torch.randint(0, 1000, (options.batch,))
    ours = stepper(build(load("efficientnet-b0").at(options.image_size), training=True), x, y)
    theirs = stepper(torchvision.models.efficientnet_b0(), x, y)
    for step in (ours, theirs) * 2:
        step()
    pairs = [(ours(), theirs()) for _ in range(options.rounds)]
    medians = [statistics.median(seconds) for seconds in zip(*pairs, strict=True)]
    low, middle, high = statistics.quantiles([a / b for a, b in pairs], n=4)
    print(
        f"ours {medians[0] * 1e3:.0f} ms, torchvision {medians[1] * 1e3:.0f} ms: "
        f"ratio {middle:.3f} (quartiles over rounds {low:.3f} to {high:.3f})"
    )


if __name__ == "__main__":
    main()
