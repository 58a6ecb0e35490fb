"""A plain script on one's own photos, to set a search beside: a hand-made CNN by Adam for the same CPU time.

    python benchmarks/own_photos.py photos JPEGS.npz FOLDER
    nas search --data folder:FOLDER --budget 3MFLOPs --trials 8 --out STUDY
    python benchmarks/own_photos.py plain folder:FOLDER --seconds 55 [--flip] [--seeds 3]

``photos`` writes 1,600 CIFAR-10 images, upscaled to 60 to 110 px, as JPEG files in a folder a class, from arrays of
JPEG bytes. ``plain`` is what a competent user would write first: four convolutions of stride 2 with batch norm (10 to
80 channels, 2.48 MMACs at 75 px), Adam at 1e-3, batches of 64, one thread. The test split is that of the search.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from nas.data import load_data
from nas.data.splits import Split, StreamedSplit

WIDTHS = (10, 20, 40, 80)
SMALLEST, LARGEST = 60, 110  # pixels


def photos(source: Path, folder: Path, count: int) -> None:
    """A folder of photos of odd sizes."""
    arrays, rng = np.load(source), np.random.default_rng(0)
    data, offsets, labels = (arrays[f"train_{name}"] for name in ("jpeg", "offsets", "labels"))
    for index in range(count):
        image = Image.open(io.BytesIO(bytes(data[offsets[index] : offsets[index + 1]])))
        width, height = (int(side) for side in rng.integers(SMALLEST, LARGEST, 2))
        of_class = folder / str(arrays["classes"][labels[index]])
        of_class.mkdir(parents=True, exist_ok=True)
        image.resize((width, height), Image.Resampling.BICUBIC).save(of_class / f"{index:05d}.jpg", quality=92)


def network(channels: int, classes: int) -> nn.Sequential:
    """The hand-made CNN."""
    layers: list[nn.Module] = []
    for width in WIDTHS:
        layers += [nn.Conv2d(channels, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        channels = width
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(channels, classes)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def trained(images: Tensor, labels: Tensor, classes: int, seconds: float, flip: bool) -> nn.Sequential:
    """The CNN after so many seconds of CPU."""
    module = network(images.shape[1], classes)
    optimiser = torch.optim.Adam(module.parameters(), 1e-3)
    end = time.process_time() + seconds
    while time.process_time() < end:
        for batch in torch.randperm(len(images)).split(64):  # type: ignore[no-untyped-call]
            x = images[batch].contiguous(memory_format=torch.channels_last)
            x = x.flip(3) if flip and torch.rand(()) < 0.5 else x
            optimiser.zero_grad()
            F.cross_entropy(module(x), labels[batch]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return module.eval()


def plain(spec: str, side: int, seconds: float, seeds: int, flip: bool) -> None:
    torch.set_num_threads(1)
    data = load_data(spec)
    train, test = pixels(data.train, side), pixels(data.test, side)
    mean, deviation = train.mean((0, 2, 3), keepdim=True), train.std((0, 2, 3), keepdim=True)
    train, test = (train - mean) / deviation, (test - mean) / deviation
    labels, truth = (torch.from_numpy(split.labels) for split in (data.train, data.test))
    with FlopCounterMode(display=False) as counter:
        network(train.shape[1], len(data.classes)).eval()(train[:1])
    print(f"{counter.get_total_flops() / 2e6:.2f} MMACs at {side} px")
    scores = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        module = trained(train, labels, len(data.classes), seconds, flip)
        with torch.inference_mode():
            scores.append(float((module(test).argmax(1) == truth).float().mean()))
    spread = f" ± {100 * statistics.stdev(scores):.1f}" if seeds > 1 else ""
    print(f"test top-1 {100 * statistics.fmean(scores):.1f}{spread} %, {len(truth)} images, {seeds} seeds")


def pixels(split: Split | StreamedSplit, side: int) -> Tensor:
    """The images of a split as (n, channels, side, side), 0 to 1."""
    images = torch.from_numpy(split.sample(len(split))).float() / 255
    return F.interpolate(images, (side, side), mode="bilinear", antialias=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("photos")
    made.add_argument("source", type=Path)
    made.add_argument("folder", type=Path)
    made.add_argument("--count", type=int, default=1_600)
    script = commands.add_parser("plain")
    script.add_argument("data")
    script.add_argument("--image-size", type=int, default=75)
    script.add_argument("--seconds", type=float, default=55)
    script.add_argument("--seeds", type=int, default=3)
    script.add_argument("--flip", action="store_true")
    options = parser.parse_args()
    if options.command == "photos":
        photos(options.source, options.folder, options.count)
    else:
        plain(options.data, options.image_size, options.seconds, options.seeds, options.flip)


if __name__ == "__main__":
    main()
