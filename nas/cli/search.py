"""`nas search`: from a space and a budget to a base, with what a person should know before and after."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.arguments import add_recipe_values, recipe_with
from nas.cli.exits import DONE, FAILED, complain
from nas.cli.options import Groups, add_options, given
from nas.cli.parser import Parser, command
from nas.cli.streams import unfailing
from nas.storage import layout
from nas.study.options import options_of
from nas.study.workload import Workload
from nas.text.numbers import seconds_text
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.cli.progress import Watched
    from nas.study import Study
    from nas.study.plan import Plan
    from nas.study.run_options import RunOptions

SOON = 60.0  # seconds, which are worth no forecast: timing steps takes two
SERIES_HELP = "100,200,400MFLOPs: a base for each, from one search whose trainings count for all; instead of --budget"
EXAMPLE = """
nas search --space mbconv --budget 400MFLOPs
nas search --space mbconv --budget 400MFLOPs --budget 5Mparams --data folder:photos --trials 60 --time 2h
nas search --space mbconv --budgets 100,200,400MFLOPs
nas search --space my-space.yaml --budget 350..400MFLOPs --dry-run
"""


def parser() -> Parser:
    """Options of `nas search`; all but a few are those of the question and of its run."""
    from nas.study.question import ANSWERED, ASKED, RUN, Question
    from nas.study.run_options import RunOptions

    p = command(
        "search",
        "Search a space for the network with the best validation top-1 within the budgets. The same command "
        "resumes a study that was interrupted; a larger --trials extends it.",
        EXAMPLE,
    )
    groups, about = Groups(p), {f.name: f.metadata for f in options_of(Question)}
    asked = groups[ASKED]
    asked.add_argument("--space", metavar=about["space"]["metavar"], help=about["space"]["help"])
    budget = about["budgets"]
    asked.add_argument("--budget", action="append", default=[], metavar=budget["metavar"], help=budget["help"])
    asked.add_argument("--budgets", dest="series", metavar="B1,B2,…", help=SERIES_HELP)
    add_options(groups, RunOptions)
    add_options(groups, Question, without=("space", "budgets"))
    add_recipe_values(groups[ANSWERED])
    where = groups[RUN]
    where.add_argument("--out", type=Path, metavar="DIR", help="study folder, instead of one under studies/")
    where.add_argument("--dry-run", action="store_true", help="show what would be searched, train and write nothing")
    where.add_argument("--json", action="store_true", help="print the result as JSON; everything else to stderr")
    return p


def run(arguments: argparse.Namespace) -> int:
    """Check everything, say what will be searched, search, say what was found."""
    from nas.cli.space_summary import count_data, smaller_line, summary_data, summary_lines, summary_of
    from nas.study.plan import plan
    from nas.study.question import Question
    from nas.study.run_options import RunOptions

    say = output.say if arguments.json else print
    options = given(Question, arguments)
    options.pop("space", None)
    if arguments.set:
        asked = Question(**options).search_recipe
        options["recipe"] = recipe_with(asked, arguments.set)
    run_options = RunOptions(**given(RunOptions, arguments))
    study_plan = plan(arguments.space, _budgets(arguments), out=arguments.out, **options)
    summary = summary_of(study_plan.feasible)
    with unfailing():
        nested = [smaller_line(feasible) for feasible in study_plan.smaller]
        for line in (
            *summary_lines(summary),
            *nested,
            *_latency_lines(study_plan),
            *_training_lines(study_plan, run_options),
        ):
            say(line)
        forecast = _forecast(study_plan, run_options)
        if forecast is not None:
            say(str(forecast))
        if not arguments.dry_run:
            return _search(study_plan, run_options, arguments.json, forecast)
        say(f"dry run: nothing trained, nothing written; the study would be {study_plan.folder}")
        if arguments.json:
            smaller = [count_data(feasible) for feasible in study_plan.smaller]
            output.print_json(summary_data(summary) | {"smaller": smaller, "folder": str(study_plan.folder)})
        return DONE


def _budgets(arguments: argparse.Namespace) -> list[str]:
    """The budgets that hold together, one of them perhaps a series."""
    if not arguments.budget and arguments.series is None:
        raise UserError("name one such as 400MFLOPs, or --budgets with several", "budget")
    if arguments.series is not None and "," not in arguments.series:
        raise UserError(f"a series has several, such as 100,200,400MFLOPs, got {arguments.series!r}", "budgets")
    return [*arguments.budget, *([arguments.series] if arguments.series else [])]


def _latency_lines(plan: Plan) -> list[str]:
    """A latency is not in the counts above."""
    if not plan.latency_budgets:
        return []
    from nas.report.statements import how_measured
    from nas.training.settings import device_of

    limits, device = " and ".join(map(str, plan.latency_budgets)), device_of(plan.question.device)
    method = f"median on {how_measured(device, 1)}"
    return [f"  {limits}: measured candidate by candidate ({method}), before it is trained; not in these counts"]


def _training_lines(plan: Plan, options: RunOptions) -> list[str]:
    """How candidates will be trained, and what that cannot tell; a demonstration is called one."""
    from nas.cli.space_summary import small_map_lines
    from nas.data.by_name import DEMONSTRATION as DIGITS
    from nas.report.statements import DEMONSTRATION
    from nas.study.deployment import deployment_lines
    from nas.study.final import final_training
    from nas.training.settings import trained_network
    from nas.training.sizing import mirror_lines
    from search_spaces import least

    sized, data = plan.sized, plan.data
    if sized is None or data is None:
        return []
    network = trained_network(least(plan.space), sized.recipe, plan.search_size, len(data.classes))
    lines = [
        *(f"  {line}" for line in deployment_lines(plan.space, plan.question, data)),
        f"data {data.name}: {len(data.train):,} images for training, {len(data.val):,} for validation, "
        f"{len(data.classes)} classes, {data.image_size} px",
        *(f"  {note}" for note in data.notes),
        f"candidates are trained at {network.image_size} px by {sized}",
    ]
    notes = (*mirror_lines(sized.recipe, plan.question.data), *small_map_lines(plan.space, network))
    lines += [f"  {line}" for line in notes]
    final = final_training(plan, options.final, options.trials)
    lines += [f"  {final}"] if final else []
    return [*lines, DEMONSTRATION] if plan.question.data == DIGITS else lines


@dataclass(frozen=True)
class Forecast:
    """What there is to train, what an epoch of it is expected to take (seconds), and by how many trainers."""

    work: Workload
    epoch: float
    trainers: int

    def __str__(self) -> str:
        work, epoch = self.work, self.epoch
        parts = {
            "search": Workload(work.search),
            "retraining": Workload(0.0, work.retraining),
            "training of the base": Workload(0.0, 0.0, work.final),
            "random search": Workload(0.0, 0.0, 0.0, work.random),
        }
        seconds = {name: part.seconds(epoch, self.trainers) for name, part in parts.items()}
        named = ", ".join(f"{name} {seconds_text(part)}" for name, part in seconds.items() if part)
        who = f"{self.trainers} trainer{'s' if self.trainers > 1 else ''}"
        return f"about {seconds_text(work.seconds(epoch, self.trainers))} ({named}) with {who}, by timed training steps"


def _forecast(plan: Plan, options: RunOptions) -> Forecast | None:
    """None where nothing can be timed before the study begins, where it has begun, and where it is soon done."""
    from nas.study.workload import longest_epoch, measured_epoch, trainers_of, workload_of

    work, longest = workload_of(plan, options), None if plan.exists else longest_epoch(plan)
    if work is None or longest is None or work.seconds(longest, 1) < SOON:
        return None
    epoch = measured_epoch(plan)
    return None if epoch is None else Forecast(work, epoch, trainers_of(plan, options))


def _search(plan: Plan, options: RunOptions, as_json: bool, forecast: Forecast | None) -> int:
    from nas.cli.progress import display
    from nas.search import conduct
    from nas.study.errors import StudyError

    try:
        with display(_watched(plan, options, forecast)) as shown:
            study = conduct(plan, options, progress=shown)
    except StudyError as error:
        return complain(error, FAILED)
    except OSError as error:  # a full disk
        return complain(f"{error}; the same command goes on from {plan.folder}", FAILED)
    if as_json:
        output.print_json(result_data(study))
    else:
        print("\n".join(result_lines(study)))
    return DONE


def _watched(plan: Plan, options: RunOptions, forecast: Forecast | None) -> Watched:
    """Where the study stands now: what an earlier run of the same command has done counts."""
    from nas.cli.progress import watched
    from nas.study import open_study
    from nas.study.workload import trainers_of, workload_of

    records = open_study(plan.folder).records if plan.exists else ()
    epochs = plan.sized.epochs if plan.sized else plan.question.epochs
    state = watched(plan.question, options.trials, epochs, records, plan.definition.scale)
    state.work, state.trainers = workload_of(plan, options), trainers_of(plan, options)
    state.epoch = forecast.epoch if forecast else None
    return state


def result_lines(study: Study) -> list[str]:
    """What is said at the end: the base with its costs, the reference, the noise, where to go on."""
    from nas.report.agreement import agreement_lines
    from nas.report.statements import (
        DEMONSTRATION,
        base_lines,
        handed_over_lines,
        is_demonstration,
        latency_lines,
        noise_verdict,
    )

    base = study.base
    lines = ["", f"study {study.folder}: {study.state}", *base_lines(study)]
    lines += [*handed_over_lines(study), *latency_lines(study)]
    if base is not None:
        rows = [(base.digest, f"{base.params:,}", f"{base.macs:,}", f"{study.definition.image_size} px")]
        lines += ["", *output.table_lines(("base", "parameters", "MACs", "at"), rows, "lrrr"), ""]
    lines += [noise_verdict(study.noise, study.definition.scale), *agreement_lines(study)]
    if is_demonstration(study):
        lines.append(DEMONSTRATION)
    lines.append(f"report: {study.folder / layout.REPORT}")
    if base is not None and study.former_base not in (None, base.trial):
        lines.append(f"the base was trial {study.former_base} before: what was scaled and exported is of that network")
    if base is not None:
        lines += next_lines(study)
    if study.state == "time":
        of = f"{study.done} of {study.trials_wanted} trainings done"
        lines.append(f"time was up with {of}: the same command goes on, with a longer --time")
    return lines


def next_lines(study: Study) -> list[str]:
    """The commands that a newcomer wants now."""
    from nas.study.final import FULL_EPOCHS

    folder = shlex.quote(str(study.folder))
    data = study.definition.data
    lines = [f"next: nas scale {folder} --phi 3"]
    if data is None:
        return lines
    spec = shlex.quote(str(data["spec"]))
    if study.final is not None:
        lines.append(f"      nas export {folder}   (ONNX);  nas predict {folder} IMAGE")
    if study.final is None or study.final.epochs < FULL_EPOCHS:
        lines.append(f"      nas train {folder} --data {spec} --epochs {FULL_EPOCHS}   (the base, trained for longer)")
    return lines


def result_data(study: Study) -> dict[str, Any]:
    """The same as plain data."""
    from nas.report.statements import is_demonstration

    scale = study.definition.scale
    findings = {name: getattr(study, name) for name in ("reference", "noise", "test", "final", "baseline")}
    return {
        "folder": str(study.folder),
        "state": study.state,
        "base": scale.named(study.base.to_data()) if study.base else None,
        "bases": {budget: scale.named(record.to_data()) for budget, record in study.bases.items()},
        "choice": scale.named(asdict(study.choice)) if study.choice else None,
        **{name: asdict(value) if value else None for name, value in findings.items()},
        "latency": {
            "base": asdict(study.base_latency) if study.base_latency else None,
            **{"measured": len(study.latencies), "outside": study.too_slow, "unsteady": len(study.unsteady)},
        },
        "demonstration": is_demonstration(study),
        "report": str(study.folder / layout.REPORT),
    }
