"""`nas search`: from a space and a budget to a base, with what a person should know before and after."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.exits import DONE, FAILED, complain
from nas.cli.options import Groups, add_options, given
from nas.cli.parser import Parser, command
from nas.cli.streams import unfailing
from nas.storage import layout
from nas.study.options import options_of

if TYPE_CHECKING:
    from nas.cli.progress import Watched
    from nas.study import Study
    from nas.study.plan import Plan

EXAMPLE = """
nas search --space mbconv --budget 400MFLOPs
nas search --space mbconv --budget 400MFLOPs --budget 5Mparams --data folder:photos --trials 60 --time 2h
nas search --space my-space.yaml --budget 350..400MFLOPs --dry-run
"""


def parser() -> Parser:
    """Options of `nas search`; all but a few are those of the question and of its run."""
    from nas.study.question import ASKED, RUN, Question
    from nas.study.run_options import RunOptions

    p = command(
        "search",
        "Search a space for the network with the best validation top-1 within the budgets. The same command "
        "resumes a study that was interrupted; a larger --trials extends it.",
        EXAMPLE,
    )
    groups, about = Groups(p), {f.name: f.metadata for f in options_of(Question)}
    asked = groups[ASKED]
    asked.add_argument("--space", required=True, metavar=about["space"]["metavar"], help=about["space"]["help"])
    budget = about["budgets"]
    asked.add_argument("--budget", action="append", required=True, metavar=budget["metavar"], help=budget["help"])
    add_options(groups, RunOptions)
    add_options(groups, Question, without=("space", "budgets"))
    where = groups[RUN]
    where.add_argument("--out", type=Path, metavar="DIR", help="study folder, instead of one under studies/")
    where.add_argument("--dry-run", action="store_true", help="show what would be searched, train and write nothing")
    where.add_argument("--json", action="store_true", help="print the result as JSON; everything else to stderr")
    return p


def run(arguments: argparse.Namespace) -> int:
    """Check everything, say what will be searched, search, say what was found."""
    from nas.cli.space_summary import summary_data, summary_lines, summary_of
    from nas.study.plan import plan
    from nas.study.question import Question

    say = output.say if arguments.json else print
    options = given(Question, arguments)
    options.pop("space")
    study_plan = plan(arguments.space, arguments.budget, out=arguments.out, **options)
    summary = summary_of(study_plan.feasible)
    with unfailing():
        for line in (*summary_lines(summary), *_latency_lines(study_plan), *_training_lines(study_plan)):
            say(line)
        if not arguments.dry_run:
            return _search(study_plan, arguments)
        say(f"dry run: nothing trained, nothing written; the study would be {study_plan.folder}")
        if arguments.json:
            output.print_json(summary_data(summary) | {"folder": str(study_plan.folder)})
        return DONE


def _latency_lines(plan: Plan) -> list[str]:
    """A latency is not in the counts above."""
    limits = " and ".join(map(str, plan.latency_budgets))
    return [f"  {limits}: measured candidate by candidate, before it is trained; not in these counts"] if limits else []


def _training_lines(plan: Plan) -> list[str]:
    """How candidates will be trained, and what that cannot tell; a demonstration is called one."""
    from nas.cli.space_summary import small_map_lines
    from nas.report.statements import DEMONSTRATION
    from nas.training.settings import trained_network
    from search_spaces import least

    recipe, data = plan.recipe, plan.data
    if recipe is None or data is None:
        return []
    network = trained_network(least(plan.space), recipe, recipe.image_size, len(data.classes))
    lines = [
        f"data {data.name}: {len(data.train):,} images for training, {len(data.val):,} for validation, "
        f"{len(data.classes)} classes",
        *(f"  {note}" for note in data.notes),
        f"candidates are trained by recipe {recipe.name}: {plan.question.epochs or recipe.epochs} epochs "
        f"at {network.image_size} px",
    ]
    lines += [f"  {line}" for line in small_map_lines(plan.space, network)]
    return [*lines, DEMONSTRATION] if data.name == "digits" else lines


def _search(plan: Plan, arguments: argparse.Namespace) -> int:
    from nas.cli.progress import display
    from nas.search import conduct
    from nas.study.errors import StudyError
    from nas.study.run_options import RunOptions

    options = RunOptions(**given(RunOptions, arguments))
    try:
        with display(_watched(plan, options.trials)) as shown:
            study = conduct(plan, options, progress=shown)
    except StudyError as error:
        return complain(error, FAILED)
    except OSError as error:  # a full disk
        return complain(f"{error}; the same command goes on from {plan.folder}", FAILED)
    if arguments.json:
        output.print_json(result_data(study))
    else:
        print("\n".join(result_lines(study)))
    return DONE


def _watched(plan: Plan, trials: int) -> Watched:
    """Where the study stands now: what an earlier run of the same command has done counts."""
    from nas.cli.progress import watched
    from nas.study import open_study

    records = open_study(plan.folder).records if plan.exists else ()
    question = plan.question
    epochs = question.epochs or (plan.recipe.epochs if plan.recipe else None)
    return watched(question, trials, epochs, records, plan.definition.scale)


def result_lines(study: Study) -> list[str]:
    """What is said at the end: the base with its costs, the reference, the noise, where to go on."""
    from nas.report.statements import DEMONSTRATION, base_lines, is_demonstration, noise_verdict, tested_line

    base = study.base
    lines = ["", f"study {study.folder}: {study.state}", *base_lines(study)]
    if study.test is not None:
        lines.append(tested_line(study.test))
    if base is not None:
        rows = [(base.digest, f"{base.params:,}", f"{base.macs:,}")]
        lines += ["", *output.table_lines(("base", "parameters", "MACs"), rows, "lrr"), ""]
    lines.append(noise_verdict(study.noise, study.definition.scale))
    if is_demonstration(study):
        lines.append(DEMONSTRATION)
    lines.append(f"report: {study.folder / layout.REPORT}")
    if base is not None:
        lines.append(f"next: nas scale {shlex.quote(str(study.folder))} --phi 3")
    if study.state == "time":
        of = f"{study.done} of {study.trials_wanted} trainings done"
        lines.append(f"time was up with {of}: the same command goes on, with a longer --time")
    return lines


def result_data(study: Study) -> dict[str, Any]:
    """The same as plain data."""
    from nas.report.statements import is_demonstration

    scale = study.definition.scale
    findings = {name: getattr(study, name) for name in ("reference", "noise", "test")}
    return {
        "folder": str(study.folder),
        "state": study.state,
        "base": scale.named(study.base.to_data()) if study.base else None,
        "choice": scale.named(asdict(study.choice)) if study.choice else None,
        **{name: asdict(value) if value else None for name, value in findings.items()},
        "demonstration": is_demonstration(study),
        "report": str(study.folder / layout.REPORT),
    }
