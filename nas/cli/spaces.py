"""`nas spaces`: what a space holds, what fits a budget, and networks drawn from it."""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.overview import Overview, overview, refuse_impossible
from nas.cli.parser import Parser, command, count, natural
from nas.cli.sources import BLOCKS_HELP, load_space
from nas.report.numbers import rounded
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from search_spaces import Architecture, Budget, Space

EXAMPLE = """
nas spaces
nas spaces mbconv --budget 400MFLOPs
nas spaces mbconv --budget 400MFLOPs --sample 20 --out drawn/
"""

MOST_SAMPLES = 1_000
DRAWS_PER_SAMPLE = 1000


def parser() -> Parser:
    """Options of `nas spaces`."""
    p = command("spaces", "The ready spaces; or one space, its decisions, its costs, and draws from it.", EXAMPLE)
    p.add_argument("space", nargs="?", metavar="NAME|FILE", help="ready space or YAML/JSON file")
    p.add_argument("--budget", action="append", default=[], metavar="B", help="such as 400MFLOPs; may be repeated")
    p.add_argument("--sample", type=count, metavar="N", help="draw N networks, uniform over decision vectors")
    p.add_argument("--out", type=Path, metavar="DIR", help="save the drawn networks here, one YAML file each")
    p.add_argument("--seed", type=natural, default=0, metavar="N", help="seed of the draws (0)")
    p.add_argument("--blocks", metavar="MODULE", help=BLOCKS_HELP)
    p.add_argument("--json", action="store_true", help="print JSON")
    return p


def run(options: argparse.Namespace) -> int:
    """List the ready spaces, or describe one, or draw from it."""
    _check(options)
    if options.space is None:
        return _list(options.json)
    from search_spaces import Budget

    space = load_space(options.space, options.blocks)
    budgets = tuple(Budget.parse(text) for text in options.budget)
    refuse_impossible(space, budgets)
    if options.sample is not None:
        return _sample(space, budgets, options)
    return _describe(overview(space, budgets), space, options.json)


def _check(options: argparse.Namespace) -> None:
    if options.space is None and (options.budget or options.sample or options.out):
        raise UserError("--budget, --sample and --out need a space, such as `nas spaces mbconv --budget 400MFLOPs`")
    if options.out is not None and options.sample is None:
        raise UserError("--out needs --sample N, the number of networks to draw")


def _list(as_json: bool) -> int:
    from search_spaces.spaces import names, space

    overviews = [overview(space(name), ()) for name in names()]
    if as_json:
        output.print_json([item.as_data() for item in overviews])
        return 0
    rows = [
        (o.name, f"{o.size:,}", o.decisions, o.image_size, rounded(o.least), rounded(o.greatest)) for o in overviews
    ]
    titles = ("space", "decision vectors", "decisions", "image", "least MACs", "greatest MACs")
    output.print_table(titles, rows, "lrrrrr")
    return 0


def _describe(facts: Overview, space: Space, as_json: bool) -> int:
    if as_json:
        labels = [{"name": d.name, "labels": list(d.labels)} for d in space.decisions]
        output.print_json(facts.as_data() | {"decision_labels": labels})
        return 0
    for line in facts.lines():
        print(line)
    print()
    rows = [(d.name, " | ".join(d.labels)) for d in space.decisions]
    output.print_table(("decision", "options"), rows, "ll")
    return 0


def _sample(space: Space, budgets: tuple[Budget, ...], options: argparse.Namespace) -> int:
    drawn = draw(space, budgets, options.sample, random.Random(options.seed))
    saved = _save(drawn, options.out, space.name, options.seed) if options.out is not None else [None] * len(drawn)
    facts = [_drawn_facts(a, path) for a, path in zip(drawn, saved, strict=True)]
    if options.json:
        output.print_json(facts)
        return 0
    rows = [(f["digest"], f"{f['params']:,}", f"{f['macs']:,}", f["file"]) for f in facts]
    output.print_table(("network", "parameters", "MACs", "file"), rows, "lrrl")
    return 0


def draw(space: Space, budgets: tuple[Budget, ...], n: int, rng: random.Random) -> list[Architecture]:
    """n networks within the budgets, by rejection, with a bounded number of draws.

    Raises:
        UserError: the draws ran out before n networks fitted.
    """
    from search_spaces import cost

    if n > MOST_SAMPLES:
        raise UserError(f"--sample: at most {MOST_SAMPLES:,} networks, got {n:,}")
    found: list[Architecture] = []
    for _ in range(n * DRAWS_PER_SAMPLE):
        architecture = space.sample(rng)
        total = cost(architecture)
        if all(budget.fits(total) for budget in budgets):
            found.append(architecture)
        if len(found) == n:
            return found
    raise UserError(
        f"only {len(found)} of {n * DRAWS_PER_SAMPLE:,} draws from {space.name} fit "
        f"{' and '.join(map(str, budgets))}; raise the budget or draw fewer than {n}"
    )


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
