"""``nas export``: a network as a file that other programs run."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nas.cli import output
from nas.cli.arguments import add_json, add_network, add_weights
from nas.cli.exits import DONE, complain
from nas.cli.parser import Parser, command, count

EXAMPLE = """
nas export studies/mine --out mine.onnx
nas export resnet-18 --weights resnet.safetensors
nas export efficientnet-b0 --image-size 64 --opset 20
"""
MIN_SPREAD = 0.01  # of the logits, below which a comparison says little


def parser() -> Parser:
    """Options of ``nas export``."""
    p = command("export", "Write a network as ONNX and compare onnxruntime with torch on it.", EXAMPLE)
    add_network(p)
    add_weights(p)
    p.add_argument("--out", type=Path, metavar="FILE", help="by default the network's name and .onnx, here")
    p.add_argument("--format", default="onnx", choices=("onnx",), help="of the file")
    p.add_argument("--image-size", type=count, metavar="N", help="side of the square image in pixels")
    p.add_argument("--opset", type=count, metavar="N", help="version of ONNX's operators; by default that of torch")
    add_json(p)
    return p


def run(options: argparse.Namespace) -> int:
    """Export one network; 1 where the file does not compute what torch computes."""
    from nas.module.export import export
    from nas.module.onnx import OPSET, ExportFailed

    try:
        result = export(
            options.network,
            options.out,
            weights=options.weights,
            image_size=options.image_size,
            opset=options.opset or OPSET,
            blocks=options.blocks,
        )
    except ExportFailed as error:
        return complain(f"{error}; no file is left")
    if result.random_weights:
        output.say("no weights: they are random, and so are the outputs")
    facts = {**asdict(result), "path": str(result.path)}
    output.print_json(facts) if options.json else _print(facts)
    return DONE


def _print(facts: dict[str, Any]) -> None:
    side = facts["image_size"]
    takes = "pixels of 0 to 255, normalised inside" if facts["normalised"] else "images that are normalised already"
    print(f"{facts['path']}  {facts['bytes'] / 1e6:,.1f} MB, opset {facts['opset']}")
    output.print_pairs(
        [
            ("input", f"images: float32, N × channels × {side} × {side}, {takes}"),
            (
                "difference",
                f"{facts['absolute']:.2g}, {facts['relative']:.2g} of the largest logit, to torch's outputs",
            ),
        ]
    )
    if facts["spread"] < MIN_SPREAD:
        output.say("the outputs hardly depend on the image, so the comparison says little")
