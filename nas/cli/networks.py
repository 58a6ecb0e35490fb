"""``nas networks``: the known networks and their rows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from nas.cli import output
from nas.cli.arguments import add_json
from nas.cli.cost import cost_facts, count_facts
from nas.cli.exits import DONE
from nas.cli.parser import Parser, command
from search_spaces.errors import UserError

EXAMPLE = """
nas networks
nas networks efficientnet-b0
nas networks resnet-50 --out my-resnet.yaml
nas networks --json
"""


def parser() -> Parser:
    """Options of ``nas networks``."""
    p = command("networks", "The known networks with their exact costs, or the rows of one.", EXAMPLE)
    p.add_argument("name", nargs="?", metavar="NAME", help="show the rows of this network")
    p.add_argument("--out", type=Path, metavar="FILE", help="write the network to this YAML or JSON file")
    add_json(p)
    return p


def run(options: argparse.Namespace) -> int:
    """Print the table of all known networks, or one of them."""
    if options.name is None:
        if options.out is not None:
            raise UserError("--out needs the name of a network, such as `nas networks resnet-50 --out my-resnet.yaml`")
        return _all(options.json)
    if options.out is not None:
        _write(options.name, options.out)
    return _one(options.name, options.json)


def _write(name: str, path: Path) -> None:
    from search_spaces import save
    from search_spaces.known.networks import network

    if path.exists():
        raise UserError(f"--out {path}: this file exists")
    save(network(name), path, {"network": name})
    output.say(f"wrote {path}")


def _all(as_json: bool) -> int:
    from search_spaces.known.networks import names, network
    from search_spaces.known.networks.published import FUSION, PROVENANCE

    facts = [count_facts(name, network(name)) | _published(name) for name in names()]
    if as_json:
        output.print_json(facts)
        return DONE
    rows = [
        (f["name"], f["year"], f["image_size"], f"{f['params']:,}", f"{f['macs']:,}", *_first(f["published"]))
        for f in sorted(facts, key=lambda facts: facts["year"])
    ]
    titles = ("network", "year", "image", "parameters", "MACs", "published, ImageNet", "of", "source", "had")
    output.print_table(titles, rows, "lrrrrllll")
    print()
    print("Parameters and MACs are counted from the rows; results are as published:")
    print("; ".join(f"{word}: {meaning}" for word, meaning in PROVENANCE.items()) + ".")
    print(FUSION)
    return DONE


def _one(name: str, as_json: bool) -> int:
    from nas.cli.rows import print_rows
    from search_spaces.files.codec import to_data
    from search_spaces.known.load import SUFFIXES
    from search_spaces.known.networks import network

    if Path(name).suffix in SUFFIXES:
        raise UserError(f"{name} is a file; `nas cost {name} --layers` shows what is in it")
    architecture = network(name)
    facts = cost_facts(name, architecture) | _published(name)
    if as_json:
        output.print_json(facts | {"architecture": to_data(architecture)})
        return DONE
    print(f"{name}  {facts['digest']}")
    print(f"  {facts['params']:,} parameters, {facts['macs']:,} MACs at {facts['image_size']} px, {facts['year']}")
    if facts["aux_params"]:
        print(f"  {facts['aux_params']:,} more parameters in auxiliary classifiers, in training only")
    for result in facts["published"]:
        print(f"  published: {_accuracy(result)}, {result['where']} ({result['source']}; {result['provenance']})")
    if facts["note"]:
        print(f"  {facts['note']}")
    print()
    print_rows(architecture)
    return DONE


def _published(name: str) -> dict[str, Any]:
    """Year, published results and what does not agree with the paper."""
    from search_spaces.known.networks.published import PUBLISHED

    published = PUBLISHED[name]
    results = [result._asdict() for result in published.results]
    return {"year": published.year, "published": results, "note": published.note}


def _first(results: list[dict[str, Any]]) -> tuple[object, ...]:
    """Cells of the first result."""
    result = results[0]
    return _accuracy(result), result["where"], result["source"], result["provenance"]


def _accuracy(result: dict[str, Any]) -> str:
    """``top-1 error 23.3 %, top-5 error 6.6 %``: the published numbers as printed."""
    kind = " error" if result["error"] else ""
    return ", ".join(
        f"{name}{kind} {result[key]} %" for key, name in (("top1", "top-1"), ("top5", "top-5")) if result[key]
    )
