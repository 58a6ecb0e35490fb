"""``nas latency``: how long a forward pass takes, and how much memory."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from nas.cli import output
from nas.cli.arguments import add_json, add_network
from nas.cli.exits import DONE
from nas.cli.parser import Parser, command, count
from nas.module.loading import load_architecture

EXAMPLE = """
nas latency efficientnet-b0
nas latency studies/mine --threads 1 --runs 100
nas latency resnet-50 --device cuda --batch 256 --dtype bfloat16 --json
"""


def parser() -> Parser:
    """Options of ``nas latency``."""
    p = command("latency", "Time and memory of a forward pass in evaluation mode, with random weights.", EXAMPLE)
    add_network(p)
    p.add_argument("--device", default="cpu", metavar="D", help="cpu (default), cuda, cuda:N or auto")
    p.add_argument("--batch", type=count, default=1, metavar="N", help="images at once (1)")
    p.add_argument("--image-size", type=count, metavar="N", help="side of the square image in pixels")
    p.add_argument("--runs", type=count, default=50, metavar="N", help="runs timed, after 5 to warm up (50)")
    p.add_argument("--threads", type=count, metavar="N", help="threads on the CPU; by default 1 or all cores, measured")
    p.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"), help="of weights and images")
    p.add_argument("--unsteady", action="store_true", help="measure once, also where other work disturbs it")
    add_json(p)
    return p


def run(options: argparse.Namespace) -> int:
    """Measure one network and print the result."""
    from nas.machine import cores
    from nas.module.latency import faster_threads, latency
    from nas.training.settings import device_of

    name, architecture = load_architecture(options.network, options.blocks)
    architecture = architecture.at(options.image_size)
    device = device_of(options.device)
    threads = options.threads
    if threads is None and device == "cpu":
        threads = faster_threads(architecture, options.batch, options.dtype, cores())
    result = latency(
        architecture,
        device,
        options.batch,
        runs=options.runs,
        dtype=options.dtype,
        threads=threads,
        steady=not options.unsteady,
    )
    facts = {"name": name, "image_size": architecture.image_size, **asdict(result)}
    output.print_json(facts) if options.json else _print(facts)
    return DONE


def _again(repeats: int) -> str:
    return "" if repeats == 1 else f" in measurement {repeats}: those before were not steady"


def _print(facts: dict[str, Any]) -> None:
    threads = "" if facts["device"].startswith("cuda") else f", threads: {facts['threads']}"
    peak = facts["peak_bytes"]
    print(f"{facts['name']}  {facts['image_size']} × {facts['image_size']} px, batch {facts['batch']}")
    output.print_pairs(
        [
            ("median", f"{facts['median_ms']:.2f} ms over {facts['runs']} runs{_again(facts['repeats'])}"),
            ("5 to 95 %", f"{facts['p5_ms']:.2f} to {facts['p95_ms']:.2f} ms"),
            ("images/s", f"{facts['images_per_second']:,.1f}"),
            ("peak memory", None if peak is None else f"{peak / 1e6:,.1f} MB, weights included"),
            ("device", f"{facts['device']} ({facts['processor']}{threads}), {facts['dtype']}, channels last"),
        ]
    )
