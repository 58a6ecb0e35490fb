"""``nas predict``: classes of image files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from nas.cli import output
from nas.cli.arguments import add_device, add_json, add_network, add_weights
from nas.cli.exits import DONE, FAILED, complain
from nas.cli.parser import Parser, command, count
from nas.report.numbers import percent

if TYPE_CHECKING:
    from nas.training.inference import Prediction

EXAMPLE = """
nas predict studies/mine photo.jpg
nas predict resnet-18 --weights resnet.safetensors --top 3 --json photos/*.jpg
"""


def parser() -> Parser:
    """Options of ``nas predict``."""
    p = command("predict", "The most likely classes of image files, with their probabilities.", EXAMPLE)
    add_network(p)
    p.add_argument(
        "images", metavar="IMAGE", type=Path, nargs="+", help="files, resized and cropped to the network's side"
    )
    add_weights(p)
    p.add_argument("--top", type=count, default=5, metavar="N", help="classes shown for each image (5)")
    p.add_argument("--batch", type=count, default=32, metavar="N", help="images at once (32)")
    add_device(p)
    add_json(p)
    return p


def run(options: argparse.Namespace) -> int:
    """Predict all images that can be read; 1 where some cannot."""
    from nas.module.loading import load_network
    from nas.training.inference import predictions

    network = load_network(options.network, options.weights, options.blocks)
    results = []
    for prediction in predictions(network, options.images, top=options.top, batch=options.batch, device=options.device):
        results.append(prediction)
        if not options.json:
            _print(prediction)
    if options.json:
        output.print_json([prediction.facts() for prediction in results])
    return FAILED if any(prediction.error for prediction in results) else DONE


def _print(prediction: Prediction) -> None:
    if prediction.error:
        complain(prediction.error)
        return
    print(prediction.image)
    output.print_pairs([(name, percent(probability)) for name, probability in prediction.classes])
