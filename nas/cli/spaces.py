"""`nas spaces`: what a space holds, what fits a budget, and networks drawn from it."""

from __future__ import annotations

import argparse
import random
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.parser import Parser, command, count, natural
from nas.cli.space_summary import summary_data, summary_lines, summary_of
from nas.module.loading import load_space
from nas.storage.layout import STUDY
from nas.text.numbers import rounded
from search_spaces.errors import UserError
from search_spaces.files.outside import BLOCKS_HELP

if TYPE_CHECKING:
    from search_spaces import Architecture, Space
    from search_spaces.counting.feasible import Feasible
    from search_spaces.counting.summary import Summary

EXAMPLE = """
nas spaces
nas spaces mbconv --budget 400MFLOPs
nas spaces mbconv --budget 400MFLOPs --budget 5Mparams --exact
nas spaces mbconv --budget 350..400MFLOPs --sample 5 --out drawn/
nas spaces mobile-small --image-size 96 --classes 4 --budget 3MFLOPs
nas spaces mobile-small --budget 3MFLOPs --proxies --data cifar10
nas spaces studies/mine --proxies
"""

NEED_A_SPACE = ("budget", "image-size", "classes", "exact", "sample", "out", "proxies")
MAX_SAMPLES = 100_000


def parser() -> Parser:
    """Options of `nas spaces`."""
    p = command("spaces", "The ready spaces; or one space, its decisions, its costs, and draws from it.", EXAMPLE)
    p.add_argument(
        "space",
        nargs="?",
        metavar="NAME|FILE",
        help="ready space or YAML/JSON file; with --proxies also the folder of a study",
    )
    p.add_argument("--budget", action="append", default=[], metavar="B", help="such as 400MFLOPs; may be repeated")
    p.add_argument("--image-size", type=count, metavar="N", help="deployment image size, instead of the space's")
    p.add_argument("--classes", type=count, metavar="N", help="classes, instead of the space's")
    p.add_argument("--exact", action="store_true", help="count exactly where a bracket would be quicker")
    p.add_argument(
        "--sample", type=count, metavar="N", help="draw N networks within the budgets, uniform over decision vectors"
    )
    p.add_argument("--out", type=Path, metavar="DIR", help="save the drawn networks here, one YAML file each")
    p.add_argument(
        "--proxies",
        action="store_true",
        help="what proxies without training say of drawn networks, or of those that a study has trained",
    )
    p.add_argument("--data", metavar="D", help="images for --proxies; by default those of the demonstration")
    p.add_argument("--seed", type=natural, default=0, metavar="N", help="seed of the draws (0)")
    p.add_argument("--blocks", metavar="MODULE", help=BLOCKS_HELP)
    p.add_argument("--json", action="store_true", help="print JSON")
    return p


def run(options: argparse.Namespace) -> int:
    """List the ready spaces, or describe one, or draw from it."""
    _check(options)
    if options.space is None:
        return _list(options.json)
    if options.proxies and (Path(options.space) / STUDY).is_file():
        from nas.cli.proxies import of_study

        return of_study(options)
    from nas.study.deployment import at_deployment
    from search_spaces import within
    from search_spaces.counting.preflight import check_feasible

    space = at_deployment(load_space(options.space, options.blocks), options.image_size, options.classes)
    feasible = within(space, *options.budget, exact=options.exact)
    check_feasible(feasible)
    if options.exact and not feasible.can_be_exact:
        raise UserError(f"--exact: {space.name} is too large, or no chain; without it the number is a bracket")
    if options.proxies:
        from nas.cli.proxies import of_draws

        return of_draws(feasible, options)
    if options.sample is not None:
        return _sample(feasible, options)
    return _describe(summary_of(feasible), space, options.json)


def _check(options: argparse.Namespace) -> None:
    given = [name for name in NEED_A_SPACE if getattr(options, name.replace("-", "_"))]
    if options.space is None and given:
        raise UserError(f"--{given[0]} needs a space, such as `nas spaces mbconv --budget 400MFLOPs`")
    if options.data is not None and not options.proxies:
        raise UserError("--data needs --proxies")
    if options.out is not None and options.sample is None:
        raise UserError("--out needs --sample N, the number of networks to draw")
    if options.sample is not None and options.sample > MAX_SAMPLES:
        raise UserError(f"--sample: at most {MAX_SAMPLES:,} networks, got {options.sample:,}")


def _list(as_json: bool) -> int:
    from search_spaces.counting.summary import space_facts
    from search_spaces.known.spaces import names, space

    facts = [space_facts(space(name)) for name in names()]
    if as_json:
        output.print_json([asdict(row) for row in facts])
        return 0
    rows = [
        (row.name, f"{row.size:,}", row.decisions, row.image_size, rounded(row.least), rounded(row.greatest))
        for row in facts
    ]
    titles = ("space", "decision vectors", "decisions", "image", "least MACs", "greatest MACs")
    output.print_table(titles, rows, "lrrrrr")
    return 0


def _describe(summary: Summary, space: Space, as_json: bool) -> int:
    if as_json:
        labels = [{"name": d.name, "labels": list(d.labels)} for d in space.decisions]
        output.print_json(summary_data(summary) | {"decision_labels": labels})
        return 0
    for line in summary_lines(summary):
        print(line)
    print()
    rows = [(d.name, " | ".join(d.labels)) for d in space.decisions]
    output.print_table(("decision", "options"), rows, "ll")
    return 0


def _sample(feasible: Feasible, options: argparse.Namespace) -> int:
    drawn = feasible.sample(random.Random(options.seed), options.sample)
    saved = (
        _save(drawn, options.out, feasible.space.name, options.seed) if options.out is not None else [None] * len(drawn)
    )
    facts = [_drawn_facts(a, path) for a, path in zip(drawn, saved, strict=True)]
    if options.json:
        output.print_json(facts)
        return 0
    rows = [(f["digest"], f"{f['params']:,}", f"{f['macs']:,}", f["file"]) for f in facts]
    output.print_table(("network", "parameters", "MACs", "file"), rows, "lrrl")
    return 0


def _save(drawn: list[Architecture], folder: Path, space: str, seed: int) -> list[str]:
    from search_spaces import digest, save

    paths = [folder / f"{index:04d}-{digest(a)[3:11]}.yaml" for index, a in enumerate(drawn)]
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"--out {folder}: this folder is not empty")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for index, (path, architecture) in enumerate(zip(paths, drawn, strict=True)):
            save(architecture, path, {"space": space, "seed": seed, "draw": index})
    except OSError as error:
        raise UserError(f"--out {folder}: cannot write there ({error.strerror})") from error
    return [str(path) for path in paths]


def _drawn_facts(architecture: Architecture, path: str | None) -> dict[str, Any]:
    from search_spaces import cost, digest

    total = cost(architecture)
    return {"digest": digest(architecture), "params": total.params, "macs": total.macs, "file": path}
