"""``nas predict``: classes of image files."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nas.cli import output
from nas.cli.arguments import CLASSIFIER_HELP, add_device, add_json, add_network, add_tta, add_weights
from nas.cli.exits import DONE, FAILED, complain
from nas.cli.parser import Parser, command, count
from nas.text.numbers import percent

if TYPE_CHECKING:
    from nas.training.inference import Prediction

EXAMPLE = """
nas predict studies/mine photo.jpg
nas predict mine.onnx photos
nas predict resnet-18 --weights resnet.safetensors --top 3 --json photos/*.jpg
"""


def parser() -> Parser:
    """Options of ``nas predict``."""
    p = command("predict", "The most likely classes of images, with their probabilities.", EXAMPLE)
    add_network(p, CLASSIFIER_HELP)
    p.add_argument(
        "images",
        metavar="IMAGE",
        type=Path,
        nargs="+",
        help="files, and folders with images anywhere below them; resized and cropped to the network's side",
    )
    add_weights(p)
    p.add_argument("--image-size", type=count, metavar="N", help="side in pixels; by default that of training")
    p.add_argument("--top", type=count, default=5, metavar="N", help="classes shown for each image (5)")
    p.add_argument("--batch", type=count, default=32, metavar="N", help="images at once (32)")
    add_tta(p)
    add_device(p)
    add_json(p)
    return p


def run(options: argparse.Namespace) -> int:
    """Predict all images that can be read, each printed once it is predicted; 1 where some cannot."""
    from nas.data.image_files import listed
    from nas.module.classifier import load_classifier
    from nas.training.inference import known_classes, predictions
    from nas.training.tta import tta_notes

    network = load_classifier(options.network, options.weights, options.blocks, image_size=options.image_size)
    images = listed(options.images, known_classes(network).classes)
    for note in images.notes:
        output.say(note)
    score = _Score()
    for note in tta_notes(options.tta):
        output.say(note)
    wishes = {"top": options.top, "batch": options.batch, "tta": options.tta, "device": options.device}
    results = predictions(network, images.paths, **wishes)
    counted = map(score.add, results, images.labels)
    if options.json:
        output.print_json_items(prediction.facts() for prediction in counted)
    else:
        for prediction in counted:
            _print(prediction)
            sys.stdout.flush()
    if score.images:
        tell = output.say if options.json else print
        tell(f"right: {score.right:,} of {score.images:,} images in folders of classes ({percent(score.top1)})")
        tell("  images that it was trained on are among them, if they lie there; nas evaluate keeps to a split")
    return FAILED if score.errors else DONE


@dataclass
class _Score:
    """How many ``images`` of a known class there were, how many of them ``right``, and how many unreadable files."""

    images: int = 0
    right: int = 0
    errors: int = 0

    @property
    def top1(self) -> float:
        return self.right / self.images

    def add(self, prediction: Prediction, label: str | None) -> Prediction:
        """Count the prediction for an image of the class ``label``, and give it back."""
        if prediction.error:
            self.errors += 1
        elif label is not None:
            self.images += 1
            self.right += prediction.classes[0][0] == label
        return prediction


def _print(prediction: Prediction) -> None:
    if prediction.error:
        complain(prediction.error)
        return
    print(prediction.image)
    output.print_pairs([(name, percent(probability)) for name, probability in prediction.classes])
