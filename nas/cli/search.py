"""`nas search`: from a space and a budget to a base, with what a person should know before and after."""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.arguments import BLOCKS_HELP
from nas.cli.parser import Parser, command, count, natural, span, workers
from nas.storage import layout

if TYPE_CHECKING:
    from nas.cli.progress import Watched
    from nas.study import Study
    from nas.study.plan import Plan

EXAMPLE = """
nas search --space mbconv --budget 400MFLOPs
nas search --space mbconv --budget 400MFLOPs --budget 5Mparams --data folder:photos --trials 60 --time 2h
nas search --space my-space.yaml --budget 350..400MFLOPs --dry-run
"""

PLANNED = (
    *("data", "image_size", "classes", "blocks", "sampler", "pruner", "recipe", "epochs"),
    *("retrain", "seeds", "seed", "device", "out"),
)


def parser() -> Parser:
    """Options of `nas search`."""
    p = command(
        "search",
        "Search a space for the network with the best validation top-1 within the budgets. The same command "
        "resumes a study that was interrupted; a larger --trials extends it.",
        EXAMPLE,
    )
    _add_question(p)
    _add_training(p)
    _add_running(p)
    return p


def _add_question(p: Parser) -> None:
    from nas.data import FORMS

    group = p.add_argument_group("the question")
    group.add_argument("--space", required=True, metavar="NAME|FILE", help="ready space or YAML/JSON file")
    group.add_argument(
        "--budget",
        action="append",
        required=True,
        metavar="B",
        help="400MFLOPs, 5.3Mparams, 20MB, 64MBpeak, or a range 350..400MFLOPs; may be repeated",
    )
    group.add_argument("--data", metavar="D", help=f"{FORMS} (digits); a folder has one folder for each class")
    group.add_argument(
        "--image-size", type=count, metavar="N", help="deployment image size, for which the budget holds"
    )
    group.add_argument("--classes", type=count, metavar="N", help="deployment classes, for which the budget holds")
    group.add_argument("--blocks", metavar="MODULE", help=BLOCKS_HELP)


def _add_training(p: Parser) -> None:
    from nas.study.propose.samplers import SAMPLERS
    from nas.study.records import TRIALS

    group = p.add_argument_group("how it is answered")
    group.add_argument("--trials", type=count, default=TRIALS, metavar="N", help=f"trainings to make ({TRIALS})")
    group.add_argument("--time", type=span, metavar="T", help="start no training after this long: 90s, 45min, 2h")
    group.add_argument("--sampler", choices=SAMPLERS, help="who proposes candidates (tpe)")
    group.add_argument("--pruner", choices=("median", "none"), help="who stops hopeless trainings (median)")
    group.add_argument("--recipe", metavar="R", help="how candidates are trained (proxy)")
    group.add_argument("--epochs", type=count, metavar="E", help="epochs of each training, instead of the recipe's")
    group.add_argument("--retrain", type=natural, metavar="K", help="train the K best again with other seeds (2)")
    group.add_argument("--seeds", type=count, metavar="S", help="how many other seeds each (2)")
    group.add_argument("--seed", type=natural, metavar="N", help="seed of the study (0)")


def _add_running(p: Parser) -> None:
    group = p.add_argument_group("where it runs")
    group.add_argument(
        "--workers", type=workers, default="auto", metavar="N|auto", help="trainings side by side (auto)"
    )
    group.add_argument("--device", metavar="D", help="auto, cpu, cuda, cuda:1 (auto)")
    group.add_argument("--out", type=Path, metavar="DIR", help="study folder, instead of one under studies/")
    group.add_argument("--dry-run", action="store_true", help="show what would be searched, train and write nothing")
    group.add_argument("--json", action="store_true", help="print the result as JSON; everything else to stderr")


def run(options: argparse.Namespace) -> int:
    """Check everything, say what will be searched, search, say what was found."""
    from nas.cli.space_summary import summary_data, summary_lines, summary_of
    from nas.study.plan import plan

    tell = output.say if options.json else print
    asked = {name: getattr(options, name) for name in PLANNED}
    made = plan(options.space, options.budget, **{name: v for name, v in asked.items() if v is not None})
    summary = summary_of(made.feasible)
    for line in (*summary_lines(summary), *_about_latency(made), *_about_training(made)):
        tell(line)
    if options.dry_run:
        tell(f"dry run: nothing trained, nothing written; the study would be {made.folder}")
        if options.json:
            output.print_json(summary_data(summary) | {"folder": str(made.folder)})
        return 0
    return _search(made, options)


def _about_latency(made: Plan) -> list[str]:
    """A latency is not in the counts above."""
    limits = " and ".join(map(str, made.timed))
    return [f"  {limits}: measured candidate by candidate, before it is trained; not in these counts"] if limits else []


def _about_training(made: Plan) -> list[str]:
    """How candidates will be trained, and what that cannot tell; a demonstration is called one."""
    from nas.cli.space_summary import small_map_lines
    from nas.report.statements import DEMONSTRATION
    from nas.training.settings import proxy
    from search_spaces import least

    how, data = made.recipe, made.data
    if how is None or data is None:
        return []
    epochs = made.definition.asked["epochs"] or how.epochs
    trained = proxy(least(made.space), how, how.image_size, len(data.classes))
    lines = [
        f"data {data.name}: {len(data.train):,} images for training, {len(data.val):,} for validation, "
        f"{len(data.classes)} classes",
        f"candidates are trained by recipe {how.name}: {epochs} epochs at {trained.image_size} px",
    ]
    lines += [f"  {line}" for line in small_map_lines(made.space, trained)]
    return [*lines, DEMONSTRATION] if data.name == "digits" else lines


def _search(made: Plan, options: argparse.Namespace) -> int:
    from nas.cli.progress import display
    from nas.conduct import conduct
    from nas.study.driver import Limits
    from nas.study.errors import StudyError

    deadline = math.inf if options.time is None else time.monotonic() + options.time
    try:
        with display(_watched(made, options)) as shown:
            study = conduct(made, Limits(options.trials, deadline), workers=options.workers, progress=shown)
    except StudyError as error:
        output.say(f"nas search: {error}")
        return 1
    if options.json:
        output.print_json(result_data(study))
    else:
        print("\n".join(result_lines(study)))
    return 0


def _watched(made: Plan, options: argparse.Namespace) -> Watched:
    """Where the study stands now: what an earlier run of the same command has done counts."""
    from nas.cli.progress import watched
    from nas.study import open_study

    records = open_study(made.folder).records if made.exists else ()
    epochs = made.definition.asked["epochs"] or (made.recipe.epochs if made.recipe else None)
    return watched(records, options.trials, made.definition.retrain * made.definition.seeds, epochs)


def result_lines(study: Study) -> list[str]:
    """What is said at the end: the base with its costs, the reference, the noise, where to go on."""
    from nas.report.statements import DEMONSTRATION, base_lines, is_demonstration, noise_verdict, test_score_line

    base = study.base
    lines = ["", f"study {study.folder}: {study.state}", *base_lines(base, study.reference, study.choice)]
    if study.test is not None:
        lines.append(test_score_line(study.test))
    if base is not None:
        rows = [(base.digest, f"{base.params:,}", f"{base.macs:,}")]
        lines += ["", *output.table_lines(("base", "parameters", "MACs"), rows, "lrr"), ""]
    lines.append(noise_verdict(study.noise))
    if is_demonstration(study):
        lines.append(DEMONSTRATION)
    lines.append(f"report: {study.folder / layout.REPORT}")
    return [*lines, f"next: nas scale {study.folder} --phi 3"] if base is not None else lines


def result_data(study: Study) -> dict[str, Any]:
    """The same as plain data."""
    from nas.report.statements import is_demonstration

    findings = {name: getattr(study, name) for name in ("choice", "reference", "noise", "test")}
    return {
        "folder": str(study.folder),
        "state": study.state,
        "base": study.base.to_data() if study.base else None,
        **{name: asdict(value) if value else None for name, value in findings.items()},
        "demonstration": is_demonstration(study),
        "report": str(study.folder / layout.REPORT),
    }
