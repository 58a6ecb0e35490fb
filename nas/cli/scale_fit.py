"""`nas scale-fit`: which α, β, γ double the cost of a base to the greatest gain, by training the grid of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

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

EXAMPLE = """
nas scale-fit studies/mine --data cifar10 --step 0.1
nas scale-fit mobilenet-v2 --data folder:flowers --image-size 64 --epochs 8 --seeds 5
"""
FILE = "coefficients.yaml"


def parser() -> Parser:
    """Options of `nas scale-fit`."""
    from scaling.grid import STEP, TOLERANCE

    p = command(
        "scale-fit",
        "Train a base at φ = 1 with every α, β, γ of a grid whose α · β² · γ² is about 2, and write the best as a file "
        "for `nas scale --coefficients`. The same command goes on where it was stopped.",
        EXAMPLE,
    )
    p.add_argument("base", metavar="BASE", help="known network, file or study folder")
    p.add_argument("--step", type=float, default=STEP, metavar="S", help=f"of α, β and γ ({STEP})")
    p.add_argument(
        "--tolerance", type=float, default=TOLERANCE, metavar="T", help=f"of the product from 2 ({TOLERANCE})"
    )
    size_help = "begin with the base at this image size: below that of the images, more pixels carry information"
    p.add_argument("--image-size", type=count, metavar="N", help=size_help)
    add_blocks(p)
    add_study(p)
    p.add_argument("--out", type=Path, metavar="DIR", help="study folder, instead of one under studies/")
    add_json(p)
    return p


def run(options: argparse.Namespace) -> int:
    """Train what is missing, rank the points, write the coefficients."""
    from nas.families.make import fit_members, fitted_data
    from nas.storage.files import write_atomic
    from nas.study.members import results
    from search_spaces import digest
    from search_spaces.files.strict_yaml import dump

    name, base = based(options.base, options.blocks, options.image_size)
    members = fit_members(base, asked_recipe(options), options.step, options.tolerance)
    study_plan = planned("fit", base, name, members, options)
    study = trained(study_plan, options)
    outcome = results(study.records)
    facts = {"study": study.name, "base": name, "base_digest": digest(base), "data": study.definition.data_name}
    data = fitted_data(outcome, study_plan.keys, facts)
    finished = study.state == "finished"
    if finished:
        write_atomic(study.folder / FILE, dump(data))
    if options.json:
        output.print_json({"study": str(study.folder), "rows": list(map(row_data, outcome.rows)), "fitted": data})
        return DONE
    print_results(outcome)
    print("", *_verdict_lines(data), *closing_lines(study), sep="\n")
    if finished:
        print(f"next: nas scale {options.base} --phi 2 --coefficients {study.folder / FILE}")
    return DONE


def _verdict_lines(data: dict[str, Any]) -> list[str]:
    about = data["provenance"]
    best = f"best: α {data['alpha']:g}, β {data['beta']:g}, γ {data['gamma']:g} at {percent(about['top1'], 2)}"
    others = about["not_told_apart"]
    networks = f"{about['points']} points gave {about['networks']} different networks"
    if not others:
        return [f"{best}, ahead of all others by more than their seeds; {networks}"]
    few = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
    return [f"{best}, not to be told from {few}: more --seeds would tell", networks]
