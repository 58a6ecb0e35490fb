"""`nas export`: a network as a file that other programs run."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.parser import Parser, command, count
from nas.module.loading import load_architecture, weights_of
from nas.module.weighted import add_options, load_weighted
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.module.files import Trained
    from nas.module.network import Network
    from nas.module.onnx import Exported
    from search_spaces import Architecture

EXAMPLE = """
nas export studies/mine --out mine.onnx
nas export resnet-18 --weights resnet.safetensors
nas export efficientnet-b0 --image-size 64 --opset 20
"""
LITTLE = 0.01  # spread below which a comparison says little


def parser() -> Parser:
    """Options of `nas export`."""
    p = command("export", "Write a network as ONNX and compare onnxruntime with torch on it.", EXAMPLE)
    add_options(p)
    p.add_argument("--out", type=Path, metavar="FILE", help="by default the network's name and .onnx, here")
    p.add_argument("--format", default="onnx", choices=("onnx",), help="of the file")
    p.add_argument("--image-size", type=count, metavar="N", help="side of the square image in pixels")
    p.add_argument("--opset", type=count, default=18, metavar="N", help="version of ONNX's operators (18)")
    p.add_argument("--json", action="store_true", help="print JSON")
    return p


def run(options: argparse.Namespace) -> int:
    """Export one network; 1 where the file does not compute what torch computes."""
    from nas.module.onnx import ExportFailed, export_onnx

    name, architecture, module, trained = _network(options)
    path = options.out or Path(f"{name}.onnx")
    if path.exists():
        raise UserError(f"--out {path}: this file exists")
    try:
        done = export_onnx(module, architecture, path, trained, options.opset)
    except ExportFailed as error:
        output.say(" ".join(f"nas: {error}; no file is left".split()))
        return 1
    facts = {"name": name, "image_size": architecture.image_size, **_facts(done)}
    output.print_json(facts) if options.json else _print(facts)
    return 0


def _network(options: argparse.Namespace) -> tuple[str, Architecture, Network, Trained | None]:
    weights = options.weights or weights_of(options.network)
    if weights is not None:
        loaded = load_weighted(options.network, weights, options.blocks, image_size=options.image_size)
        return loaded.name, loaded.architecture, loaded.module, loaded.trained
    from nas.module.onnx import random_network

    name, architecture = load_architecture(options.network, options.blocks)
    output.say("no weights: they are random, and so are the outputs")
    architecture = architecture.at(options.image_size)
    return name, architecture, random_network(architecture), None


def _facts(done: Exported) -> dict[str, Any]:
    return {**asdict(done), "path": str(done.path)}


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
    if facts["spread"] < LITTLE:
        output.say("the outputs hardly depend on the image, so the comparison says little")
