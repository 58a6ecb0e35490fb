"""`nas scale-compare`: one base scaled by depth, width, image size and all together, to equal cost, trained alike."""

from __future__ import annotations

import argparse
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.arguments import add_blocks, add_json
from nas.cli.exits import DONE
from nas.cli.family_study import (
    add_study,
    asked_recipe,
    based,
    closing_lines,
    planned,
    print_results,
    row_data,
    trained,
)
from nas.cli.parser import Parser, command, count
from nas.text.numbers import percent
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.study.members import Results

EXAMPLE = """
nas scale-compare studies/mine --data cifar10 --factor 2,4,8 --image-size 16
nas scale-compare mobilenet-v2 --data folder:flowers --factor 2 --seeds 5
"""


def parser() -> Parser:
    """Options of `nas scale-compare`."""
    p = command(
        "scale-compare",
        "Scale a base by depth, by width, by image size and by all three to equal cost, and train all alike: does "
        "compound scaling beat single dimensions on these images? The same command goes on where it was stopped.",
        EXAMPLE,
    )
    p.add_argument("base", metavar="BASE", help="known network, file or study folder")
    p.add_argument("--factor", default="2,4", metavar="F,F", help="how many times the MACs of the base (2,4)")
    size_help = "begin with the base at this image size: below that of the images, more pixels carry information"
    p.add_argument("--image-size", type=count, metavar="N", help=size_help)
    p.add_argument("--max-image-size", type=count, metavar="N", help="no network sees larger images than this")
    add_blocks(p)
    add_study(p)
    p.add_argument("--out", type=Path, metavar="DIR", help="study folder, instead of one under studies/")
    add_json(p)
    return p


def run(options: argparse.Namespace) -> int:
    """Train what is missing, and say who is ahead."""
    from nas.families.make import COMPOUND, SINGLE, called, compare_members
    from nas.study.members import results

    factors = _factors(options.factor)
    name, base = based(options.base, options.blocks, options.image_size)
    members, notes = compare_members(base, asked_recipe(options), factors, max_image_size=options.max_image_size)
    output.say("\n".join(notes))
    study_plan = planned("compare", base, name, members, options)
    study = trained(study_plan, options)
    outcome = results(study.records)
    verdicts = [
        verdict
        for factor in factors
        if (verdict := _verdict(outcome, f"{factor:g}", called(COMPOUND), SINGLE)) is not None
    ]
    if options.json:
        output.print_json({"study": str(study.folder), "rows": list(map(row_data, outcome.rows)), "verdicts": verdicts})
        return DONE
    print_results(outcome)
    print("\ndoes compound scaling beat the best single dimension?")
    for verdict in verdicts:
        print(f"  × {verdict['factor']}: {verdict['verdict']} ({_ahead(verdict)})")
    print("", *closing_lines(study), sep="\n")
    return DONE


def _ahead(verdict: dict[str, Any]) -> str:
    low, high = verdict["interval"]
    points = f"{100 * verdict['difference']:+.2f} points over {verdict['single']}"
    if low is None:
        return f"{points}; one seed does not tell"
    return f"{points}, 95 %: {100 * low:+.2f} to {100 * high:+.2f}"


def _factors(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise UserError(f"--factor must be numbers with commas between, such as 2,4,8; got {text!r}") from None


def _verdict(outcome: Results, factor: str, compound: str, single: tuple[str, ...]) -> dict[str, Any] | None:
    """Compound beside the best single dimension at that factor, which was picked among all of them; None while one is
    missing."""
    rows = {row.name: row for row in outcome.rows}
    names = [f"{rule}-x{factor}" for rule in (compound, *single)]
    if any(name not in rows for name in names):
        return None
    best = max((rows[name] for name in names[1:]), key=lambda row: row.mean)
    difference = outcome.difference(rows[names[0]], best, among=len(single))
    return {
        "factor": factor,
        "single": best.name,
        "top1": percent(best.mean, 2),
        "difference": difference.mean,
        "interval": [low if isfinite(low) else None for low in (difference.low, difference.high)],
        "verdict": difference.verdict,
    }
