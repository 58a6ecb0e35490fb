"""Images per second of our loop against a plain torchvision script, on the same network and images, in one run.

    python benchmarks/training_throughput.py [--rounds 5] [--threads 2] [--recipe plain] [--width 0.25] [--processes 2]

The network is EfficientNet-B0 at a quarter of its width (torchvision's widths) or --width, 32 px, 10 classes, batches
of 128. The plain script is what one writes from torchvision's documentation: PIL images through RandomCrop, flip,
ToTensor and Normalize in a DataLoader with two workers, the network contiguous, SGD. Rounds of both alternate, each of
an epoch's steps, since our loop prepares the images of several steps at once; figures are medians with their range. The
peak is a dense 3×3 convolution by oneDNN with as many threads, in the same run. With --processes 2 our loop is also
measured in two processes of one thread (DDP).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.models.efficientnet import EfficientNet, _efficientnet_conf

from nas.data.dataset import Data
from nas.data.splits import Split
from nas.training.distributed import joined, world
from nas.training.draws import epoch_order
from nas.training.loop import prepare, take_step
from nas.training.preparation import prepared
from nas.training.recipes import recipe_of
from nas.training.settings import settings_for
from search_spaces import Architecture, cost, load

BATCH, IMAGES, SIDE = 128, 10_000, 32
STEPS = IMAGES // BATCH  # of an epoch


def networks(width: float) -> tuple[Architecture, nn.Module]:
    """Ours and torchvision's network of a share of the width, with equal parameters."""
    rows, last = _efficientnet_conf("efficientnet_b0", width_mult=width, depth_mult=1.0)
    theirs = EfficientNet(rows, dropout=0.2, num_classes=10, last_channel=last)
    whole = load("efficientnet-b0")
    stages = tuple(replace(stage, out=row.out_channels) for stage, row in zip(whole.stages, rows, strict=True))
    stem = (replace(whole.stem[0], out=rows[0].input_channels),)
    head = replace(whole.head, out=4 * rows[-1].out_channels)
    ours = replace(whole, stem=stem, stages=stages, head=head).at(SIDE, 10)
    assert cost(ours).params == sum(weight.numel() for weight in theirs.parameters())
    return ours, theirs


class Plain(Dataset):
    """PIL images through torchvision's transforms, one by one."""

    def __init__(self, split: Split) -> None:
        self.images, self.labels = split.images.transpose(0, 2, 3, 1), split.labels
        self.transform = transforms.Compose(
            [
                transforms.RandomCrop(SIDE, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize((0.5, 0.5, 0.5), (0.25, 0.25, 0.25)),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(Image.fromarray(self.images[index])), int(self.labels[index])


def plain_steps(module: nn.Module, data: Data) -> Iterator[float]:
    """Steps of the plain script for ever; each yields how many seconds it had to wait for its images."""
    loader = DataLoader(Plain(data.train), BATCH, shuffle=True, num_workers=2, drop_last=True)
    optimiser = torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9)
    module.train()
    while True:
        start = time.perf_counter()
        for x, y in loader:
            waited = time.perf_counter() - start
            optimiser.zero_grad()
            F.cross_entropy(module(x), y).backward()
            optimiser.step()
            yield waited
            start = time.perf_counter()


def our_steps(architecture: Architecture, data: Data, name: str, threads: int) -> Iterator[float]:
    """Steps of our loop for ever; each yields the seconds that its images took."""
    chosen = replace(recipe_of(name), batch=BATCH, refresh=0)
    settings = settings_for(chosen, "cpu", threads=threads, processes=world().size)
    torch.set_num_threads(threads)
    setup, state = prepare(architecture, data, chosen, settings)
    state.module.train()
    for epoch in range(10**6):
        state.step = 0
        order = epoch_order(len(setup.train), 0, epoch)[: setup.steps * setup.batch]
        parts = list(order.view(setup.steps, setup.world.size, -1)[:, setup.world.rank])
        images = prepared(setup.train, parts, chosen, 0, epoch)
        for _ in parts:
            start = time.perf_counter()
            part = next(images)
            waited = time.perf_counter() - start
            take_step(state, setup, [part])
            yield waited


def rate(steps: Iterator[float], count: int) -> tuple[float, float]:
    """Images per second over some steps, and the share of the time that went into the images."""
    start = time.perf_counter()
    waited = sum(next(steps) for _ in range(count))
    seconds = time.perf_counter() - start
    return count * BATCH / seconds, waited / seconds


def peak(threads: int) -> float:
    """Floating-point operations per second of a dense convolution."""
    torch.set_num_threads(threads)
    layer = nn.Conv2d(256, 256, 3, padding=1).to(memory_format=torch.channels_last)
    x = torch.randn(16, 256, 32, 32).to(memory_format=torch.channels_last)
    times = []
    with torch.inference_mode():
        for _ in range(6):
            start = time.perf_counter()
            layer(x)
            times.append(time.perf_counter() - start)
    return 2 * 256 * 256 * 9 * 32 * 32 * 16 / min(times)


def images() -> Data:
    rng = np.random.default_rng(0)

    def split(count: int) -> Split:
        pixels = rng.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)
        return Split(pixels.transpose(0, 3, 1, 2), rng.integers(0, 10, count))

    return Data("random", tuple("0123456789"), split(IMAGES), split(256), split(10))


def in_processes(options: argparse.Namespace) -> str:
    """Our loop's figures under torchrun, one thread a process."""
    script = [__file__, "--child", "--rounds", str(options.rounds), "--width", str(options.width)]
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(options.processes)]
    words = [sys.executable, *launcher, *script, "--threads", "1", "--recipe", options.recipe]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def described(name: str, runs: list[tuple[float, float]], macs: int, most: float | None) -> str:
    rates, shares = zip(*runs, strict=True)
    middle = statistics.median(rates)
    of_peak = f", {6 * macs * middle / most:.1%} of peak" if most else ""
    return (
        f"{name}: {middle:,.0f} images/s ({min(rates):,.0f} to {max(rates):,.0f}), "
        f"images {statistics.median(shares):.1%} of the time{of_peak}"
    )


def measured(steps: dict[str, Iterator[float]], options: argparse.Namespace) -> dict[str, list[tuple[float, float]]]:
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    for loop in steps.values():
        rate(loop, 3)
    for _ in range(options.rounds):
        for name, loop in steps.items():
            runs[name].append(rate(loop, STEPS))
    return runs


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, value in (("rounds", 5), ("threads", 2), ("processes", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--recipe", default="plain")
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    ours, theirs = networks(options.width)
    data, macs = images(), cost(ours).macs
    if options.child:
        with joined("cpu"):
            runs = measured({"ours": our_steps(ours, data, options.recipe, 1)}, options)["ours"]
            if world().leads:
                print(described(f"ours, {world().size} processes", runs, macs, None))
        return
    most = peak(options.threads)
    print(f"peak of a dense convolution, {options.threads} threads: {most / 1e9:.0f} GFLOP/s; network {macs:,} MACs")
    both: dict[str, Iterator[float]] = {
        "ours": our_steps(ours, data, options.recipe, options.threads),
        "plain": plain_steps(theirs, data),
    }
    runs_of = measured(both, options)
    for name, runs in runs_of.items():
        print(described(name, runs, macs, most))
    ratios = [a[0] / b[0] for a, b in zip(runs_of["ours"], runs_of["plain"], strict=True)]
    print(f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    if options.processes > 1:
        print(in_processes(options))


if __name__ == "__main__":
    main()
