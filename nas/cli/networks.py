"""`nas networks`: the known networks and their rows."""

from __future__ import annotations

import argparse
from typing import Any

from nas.cli import output
from nas.cli.cost import cost_facts
from nas.cli.parser import Parser, command

EXAMPLE = """
nas networks
nas networks efficientnet-b0
nas networks --json
"""


def parser() -> Parser:
    """Options of `nas networks`."""
    p = command("networks", "The known networks with their exact costs, or the rows of one.", EXAMPLE)
    p.add_argument("name", nargs="?", metavar="NAME", help="show the rows of this network")
    p.add_argument("--json", action="store_true", help="print JSON")
    return p


def run(options: argparse.Namespace) -> int:
    """Print the table of all known networks, or one of them."""
    return _all(options.json) if options.name is None else _one(options.name, options.json)


def _all(as_json: bool) -> int:
    from search_spaces.networks import names

    facts = [_brief_facts(name) for name in names()]
    if as_json:
        output.print_json(facts)
    else:
        rows = [(f["name"], f["image_size"], f"{f['params']:,}", f"{f['macs']:,}") for f in facts]
        output.print_table(("network", "image", "parameters", "MACs"), rows, "lrrr")
    return 0


def _one(name: str, as_json: bool) -> int:
    from nas.cli.rows import print_rows
    from search_spaces.codec import to_data
    from search_spaces.networks import network

    architecture = network(name)
    facts = cost_facts(name, architecture)
    if as_json:
        output.print_json(facts | {"architecture": to_data(architecture)})
        return 0
    print(f"{name}  {facts['digest']}")
    print(f"  {facts['params']:,} parameters, {facts['macs']:,} MACs at {facts['image_size']} px")
    print()
    print_rows(architecture)
    return 0


def _brief_facts(name: str) -> dict[str, Any]:
    from search_spaces import cost
    from search_spaces.networks import network

    architecture = network(name)
    total = cost(architecture)
    return {
        "name": name,
        "image_size": architecture.image_size,
        "classes": architecture.classes,
        "params": total.params,
        "macs": total.macs,
        "activations": total.activations,
    }
