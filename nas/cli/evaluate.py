"""``nas evaluate``: what trained weights get right and wrong."""

from __future__ import annotations

import argparse
from typing import Any

from nas.cli import output
from nas.cli.arguments import CLASSIFIER_HELP, add_device, add_json, add_network, add_tta, add_weights
from nas.cli.exits import DONE
from nas.cli.parser import Parser, command, count, natural
from nas.text.numbers import is_balanced, percent

EXAMPLE = """
nas evaluate studies/mine --data folder:flowers
nas evaluate resnet-18 --weights resnet.safetensors --data digits --split test --json
nas evaluate mine.onnx --data folder:flowers
nas evaluate resnet-50 --weights torchvision --data imagenet
"""
MAX_CLASSES = 20  # shown


def parser() -> Parser:
    """Options of ``nas evaluate``."""
    from nas.data.by_name import FORMS

    p = command("evaluate", "Accuracy of trained weights on a split, by class, and what is confused.", EXAMPLE)
    add_network(p, CLASSIFIER_HELP)
    add_weights(p)
    p.add_argument("--data", required=True, metavar="D", help=FORMS)
    p.add_argument("--split", default="val", choices=("val", "test", "train"), help="images to evaluate on (val)")
    p.add_argument("--seed", type=natural, default=0, metavar="N", help="random seed of the division into splits (0)")
    p.add_argument("--image-size", type=count, metavar="N", help="side in pixels; by default that of training")
    p.add_argument("--batch", type=count, default=256, metavar="N", help="images at once (256)")
    add_tta(p)
    add_device(p)
    add_json(p)
    return p


def run(options: argparse.Namespace) -> int:
    """Evaluate and print."""
    from nas.training.inference import evaluate

    result = evaluate(
        options.network,
        options.data,
        weights=options.weights,
        split=options.split,
        seed=options.seed,
        image_size=options.image_size,
        batch=options.batch,
        tta=options.tta,
        device=options.device,
        blocks=options.blocks,
    )
    for note in result.notes:
        output.say(note)
    output.print_json(result.facts()) if options.json else _print(result.facts())
    return DONE


def _print(facts: dict[str, Any]) -> None:
    low, high = map(percent, facts["top1_interval"])
    print(f"{facts['name']} on {facts['data']}, {facts['split']}: {facts['images']:,} images")
    output.print_pairs(
        [
            ("top-1", f"{percent(facts['top1'])}  (95 %: {low} to {high})"),
            *(
                []
                if is_balanced(facts)
                else [("balanced", f"{percent(facts['balanced_top1'])}, the mean over classes")]
            ),
            ("top-5", percent(facts["top5"])),
            ("loss", f"{facts['loss']:.4f}"),
            ("images/s", f"{facts['images_per_second']:,.0f} on {facts['device']}"),
        ]
    )
    rows = [(row["class"], row["images"], percent(row["top1"])) for row in facts["per_class"]]
    print()
    output.print_table(("class", "images", "right"), rows[:MAX_CLASSES], "lrr")
    if len(rows) > MAX_CLASSES:
        print(f"and {len(rows) - MAX_CLASSES} more; --json has all")
    if facts["confused"]:
        print()
        confused = [(pair["true"], pair["predicted"], pair["images"]) for pair in facts["confused"]]
        output.print_table(("is", "taken for", "images"), confused, "llr")
