"""`nas predict`: classes of image files."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.parser import Parser, command, count
from nas.module.weighted import Weighted, add_device, add_options, find_weights, load_weighted, settings_for
from search_spaces.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from nas.module.files import Trained
    from nas.training.settings import Settings

EXAMPLE = """
nas predict studies/mine photo.jpg
nas predict resnet-18 --weights resnet.safetensors --top 3 --json photos/*.jpg
"""
Prediction = dict[str, Any]


def parser() -> Parser:
    """Options of `nas predict`."""
    p = command("predict", "The most likely classes of image files, with their probabilities.", EXAMPLE)
    add_options(p)
    p.add_argument(
        "images", metavar="IMAGE", type=Path, nargs="+", help="files, resized and cropped to the network's side"
    )
    p.add_argument("--top", type=count, default=5, metavar="N", help="classes shown for each image (5)")
    p.add_argument("--batch", type=count, default=32, metavar="N", help="images at once (32)")
    add_device(p)
    p.add_argument("--json", action="store_true", help="print JSON")
    return p


def run(options: argparse.Namespace) -> int:
    """Predict all images that can be read; 1 where some cannot."""
    weights = find_weights(options.network, options.weights)
    loaded = load_weighted(options.network, weights, options.blocks)
    if loaded.trained is None:
        raise UserError(f"{weights} does not say its classes and normalisation; those of `nas train` do")
    fixed = settings_for(loaded, options.device, options.batch)
    found = []
    for each in predictions(loaded, loaded.trained, options.images, fixed, options.top):
        found.append(each)
        if not options.json:
            _print(each)
    if options.json:
        output.print_json(found)
    return 1 if any(each["error"] for each in found) else 0


def predictions(
    loaded: Weighted, trained: Trained, images: Sequence[Path], fixed: Settings, top: int
) -> Iterator[Prediction]:
    """``image``, ``classes`` (name and probability, best first) and ``error`` of each file, in their order."""
    module = loaded.module.to(fixed.device)
    for start in range(0, len(images), fixed.batch):
        files = images[start : start + fixed.batch]
        read = [_read(file, trained) for file in files]
        pixels = [each for each in read if not isinstance(each, str)]
        best = iter(_classified(module, pixels, trained, fixed, top) if pixels else ())
        for file, each in zip(files, read, strict=True):
            wrong = isinstance(each, str)
            yield {"image": str(file), "classes": [] if wrong else next(best), "error": each if wrong else None}


def _classified(
    module: Any, pixels: list[np.ndarray], trained: Trained, fixed: Settings, top: int
) -> list[list[Prediction]]:
    import numpy as np
    import torch

    from nas.data import Split
    from nas.training.batches import normalised
    from nas.training.settings import autocast

    split = Split(np.stack(pixels), np.zeros(len(pixels), dtype=np.int64))
    by = (trained.mean, trained.deviation)
    [(x, _)] = normalised(split, by, trained.image_size, trained.in_channels, fixed.device).evaluation(len(pixels))
    with torch.inference_mode(), autocast(fixed):
        shares = module(x).float().softmax(1)
    best = shares.topk(min(top, len(trained.classes)), dim=1)
    return [
        [{"class": trained.classes[i], "probability": share} for i, share in zip(row, own, strict=True)]
        for row, own in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]


def _read(file: Path, trained: Trained) -> np.ndarray | str:
    """Pixels (C, side, side) as those of the training's images, or why there are none."""
    from nas.data import read_image

    try:
        return read_image(file, trained.provenance.get("data_side", trained.image_size), trained.in_channels)
    except UserError as error:
        return str(error)


def _print(found: Prediction) -> None:
    if found["error"]:
        output.say(f"nas: {found['error']}")
        return
    print(found["image"])
    output.print_pairs([(each["class"], output.percent(each["probability"])) for each in found["classes"]])
