"""``nas cost``: what a network costs, from integers alone."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.arguments import add_json, add_network
from nas.cli.exits import DONE
from nas.cli.parser import Parser, command, count
from nas.module.loading import load_architecture

if TYPE_CHECKING:
    from search_spaces import Architecture

EXAMPLE = """
nas cost efficientnet-b7
nas cost studies/mine --image-size 160 --layers
nas cost network.yaml --measure --json
"""


def parser() -> Parser:
    """Options of ``nas cost``."""
    p = command("cost", "Parameters, multiply-adds and memory of a network; FLOPs mean MACs here.", EXAMPLE)
    add_network(p)
    p.add_argument("--image-size", type=count, metavar="N", help="side of the square image in pixels")
    p.add_argument("--measure", action="store_true", help="also build it: fvcore's count and CPU latency")
    p.add_argument("--layers", action="store_true", help="one line a layer")
    add_json(p)
    return p


def run(options: argparse.Namespace) -> int:
    """Print the cost of one network."""
    name, architecture = load_architecture(options.network, options.blocks)
    architecture = architecture.at(options.image_size)
    facts = cost_facts(name, architecture)
    if options.measure:
        facts |= _measured(architecture)
    if options.layers:
        facts["layers"] = _layers(architecture)
    output.print_json(facts) if options.json else _print(facts)
    return DONE


def cost_facts(name: str, architecture: Architecture) -> dict[str, Any]:
    """The digest and the analytic cost as plain data."""
    from search_spaces import digest

    return count_facts(name, architecture) | {"digest": digest(architecture)}


def count_facts(name: str, architecture: Architecture) -> dict[str, Any]:
    """The analytic cost: exact integers, ``bytes`` of float32 weights."""
    from search_spaces import cost

    total, sizes = cost(architecture), {"image_size": architecture.image_size, "classes": architecture.classes}
    return {"name": name, **sizes, "bytes": total.bytes, **total._asdict()}


def _measured(architecture: Architecture) -> dict[str, Any]:
    from nas.module.measure import measure

    measured = measure(architecture)
    return {
        "fvcore_macs": measured.fvcore.macs,
        "fvcore_total": measured.fvcore.total,
        "latency_ms": measured.latency.median_ms,
        "latency_p5_ms": measured.latency.p5_ms,
        "latency_p95_ms": measured.latency.p95_ms,
    }


def _layers(architecture: Architecture) -> list[dict[str, Any]]:
    from search_spaces.network.cost import layers

    return [
        {"name": row.name, "op": row.op, "shape": list(row.shape), "params": row.params, "macs": row.macs}
        for row in layers(architecture)
    ]


def _print(facts: dict[str, Any]) -> None:
    print(f"{facts['name']}  {facts['digest']}")
    pairs: list[tuple[str, object]] = [
        ("image", f"{facts['image_size']} × {facts['image_size']} px, {facts['classes']} classes"),
        ("parameters", f"{facts['params']:,}  ({facts['bytes'] / 1e6:,.1f} MB as float32)"),
        ("MACs", f"{facts['macs']:,}  (multiply-adds of convolution, linear and matmul)"),
        ("activations", f"{facts['activations']:,}  (elements written by convolutions)"),
        ("peak memory", f"{facts['peak_bytes'] / 1e6:,.1f} MB in one forward pass, batch 1"),
    ]
    if facts["aux_params"]:
        pairs.append(("auxiliary", f"{facts['aux_params']:,} parameters, {facts['aux_macs']:,} MACs, training only"))
    if "fvcore_macs" in facts:
        pairs += _measured_pairs(facts)
    output.print_pairs(pairs)
    if "layers" in facts:
        print()
        _print_layers(facts["layers"])


def _measured_pairs(facts: dict[str, Any]) -> list[tuple[str, object]]:
    verdict = "equal to ours" if facts["fvcore_macs"] == facts["macs"] else "NOT equal to ours"
    spread = f"5 to 95 % of runs {facts['latency_p5_ms']:.2f} to {facts['latency_p95_ms']:.2f} ms"
    return [
        ("fvcore MACs", f"{facts['fvcore_macs']:,}  ({verdict})"),
        ("fvcore total", f"{facts['fvcore_total']:,}  (its raw default, with normalisation and pooling)"),
        ("latency", f"{facts['latency_ms']:.2f} ms median, {spread}, CPU, batch 1"),
    ]


def _print_layers(layers: list[dict[str, Any]]) -> None:
    rows = [
        (row["name"], row["op"], "×".join(map(str, row["shape"])), f"{row['params']:,}", f"{row['macs']:,}")
        for row in layers
    ]
    output.print_table(("layer", "operation", "output", "parameters", "MACs"), rows, "lllrr")
