"""`nas evaluate`: what trained weights get right and wrong."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.parser import Parser, command, count, natural
from nas.module.weighted import Weighted, add_device, add_options, find_weights, load_weighted, settings_for
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.data import Data
    from nas.training.evaluation import Evaluation
    from nas.training.settings import Settings

EXAMPLE = """
nas evaluate studies/mine --data folder:flowers
nas evaluate resnet-18 --weights resnet.safetensors --data digits --split test --json
"""
MOST_CLASSES = 20
FINAL = "the test split is for one final evaluation: what is chosen by it, it no longer judges fairly"


def parser() -> Parser:
    """Options of `nas evaluate`."""
    from nas.data import FORMS

    p = command("evaluate", "Accuracy of trained weights on a split, by class, and what is confused.", EXAMPLE)
    add_options(p)
    p.add_argument("--data", required=True, metavar="D", help=FORMS)
    p.add_argument("--split", default="val", choices=("val", "test", "train"), help="images to evaluate on (val)")
    p.add_argument("--seed", type=natural, default=0, metavar="N", help="of the division into splits (0)")
    p.add_argument("--image-size", type=count, metavar="N", help="side in pixels; by default that of training")
    p.add_argument("--batch", type=count, default=256, metavar="N", help="images at once (256)")
    add_device(p)
    p.add_argument("--json", action="store_true", help="print JSON")
    return p


def run(options: argparse.Namespace) -> int:
    """Evaluate and print."""
    from nas.data import load_data

    weights = find_weights(options.network, options.weights)
    data = load_data(options.data, options.seed)
    loaded = load_weighted(
        options.network, weights, options.blocks, image_size=options.image_size, classes=len(data.classes)
    )
    _check_classes(loaded, data)
    _warn(options.split, loaded, data)
    fixed = settings_for(loaded, options.device, options.batch)
    facts = _evaluated(loaded, data, options.split, fixed).facts(data.classes)
    facts = {"name": loaded.name, "data": data.name, "split": options.split, "device": fixed.device, **facts}
    output.print_json(facts) if options.json else _print(facts)
    return 0


def _check_classes(loaded: Weighted, data: Data) -> None:
    if loaded.trained is None or loaded.trained.classes == data.classes:
        return
    own = loaded.trained.classes
    if len(own) != len(data.classes):
        raise UserError(f"{loaded.path} knows {len(own)} classes, {data.name} has {len(data.classes)}")
    index = next(i for i, (ours, theirs) in enumerate(zip(own, data.classes, strict=True)) if ours != theirs)
    raise UserError(f"class {index} is {own[index]!r} in {loaded.path} and {data.classes[index]!r} in {data.name}")


def _warn(split: str, loaded: Weighted, data: Data) -> None:
    if split == "test":
        output.say(FINAL)
    if loaded.trained is None:
        output.say(f"{loaded.path} does not say how images were normalised: by {data.name}'s training images")
        return
    known = loaded.trained.provenance.get("data_digest")
    if known is not None and known != data.digest:
        output.say("these are not the images and splits of the training: some may have been trained on")


def _evaluated(loaded: Weighted, data: Data, split: str, fixed: Settings) -> Evaluation:
    import torch

    from nas.training.batches import batches, normalised
    from nas.training.evaluation import evaluate

    network = loaded.architecture
    images, at = getattr(data, split), (network.image_size, network.in_channels, fixed.device)
    if loaded.trained is None:
        own = batches(images, data, *at)
    else:
        own = normalised(images, (loaded.trained.mean, loaded.trained.deviation), *at)
    module = loaded.module.to(fixed.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return evaluate(module, own, fixed, network.classes, fixed.batch)


def _print(facts: dict[str, Any]) -> None:
    low, high = (output.percent(each) for each in facts["top1_interval"])
    print(f"{facts['name']} on {facts['data']}, {facts['split']}: {facts['images']:,} images")
    output.print_pairs(
        [
            ("top-1", f"{output.percent(facts['top1'])}  (95 %: {low} to {high})"),
            ("top-5", output.percent(facts["top5"])),
            ("loss", f"{facts['loss']:.4f}"),
            ("images/s", f"{facts['images_per_second']:,.0f} on {facts['device']}"),
        ]
    )
    rows = [(each["class"], each["images"], output.percent(each["top1"])) for each in facts["per_class"]]
    print()
    output.print_table(("class", "images", "right"), rows[:MOST_CLASSES], "lrr")
    if len(rows) > MOST_CLASSES:
        print(f"and {len(rows) - MOST_CLASSES} more; --json has all")
    if facts["confused"]:
        print()
        confused = [(each["true"], each["predicted"], each["images"]) for each in facts["confused"]]
        output.print_table(("is", "taken for", "images"), confused, "llr")
