"""What `nas scale --family --train`, `nas scale-fit` and `nas scale-compare` share: options, progress, tables."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.arguments import add_recipe_values, recipe_with
from nas.cli.parser import Parser, count, natural
from nas.cli.streams import unfailing
from nas.text.numbers import percent, rounded, seconds_text
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.families.member import Member
    from nas.families.plan import FamilyPlan
    from nas.study import Study
    from nas.study.members import Results, Row
    from nas.training.recipe import Recipe
    from search_spaces import Architecture

WHERE = {
    "workers": ("N|auto", "trainings side by side (auto)"),
    "executor": ("X", "what runs the trainings: local, ray or slurm (local)"),
    "address": ("A", "of a Ray cluster; local: a cluster on this machine, also for slurm"),
    "time": ("T", "begin no training after this long, such as 45min or 2h"),
}
"""Options of a run for trainings of a family, as words: to read them takes modules that `nas scale` does without."""

TITLES = ("network", "image", "parameters", "MACs", "top-1", "95 %", "seeds")


def add_study(p: Parser) -> None:
    """How members are trained, and where."""
    group = p.add_argument_group("how members are trained, all alike")
    group.add_argument("--recipe", metavar="R", help="name or YAML file of a recipe (fast)")
    add_training(p, group, required=True)
    p.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda or cuda:1 (auto)")


def add_training(p: Parser, group: Any, required: bool = False) -> None:
    """Data, length and seeds of the trainings, and where they run."""
    from nas.data.by_name import FORMS

    group.add_argument("--data", required=required, metavar="D", help=FORMS)
    add_recipe_values(group)
    group.add_argument("--epochs", type=count, metavar="N", help="epochs of each training, not the recipe's")
    group.add_argument("--seeds", type=count, default=3, metavar="S", help="trainings of each network (3)")
    group.add_argument("--seed", type=natural, default=0, metavar="N", help="random seed of the study (0)")
    where = p.add_argument_group("where it runs")
    for name, (metavar, about) in WHERE.items():
        where.add_argument(f"--{name}", metavar=metavar, help=about)


def asked_recipe(options: argparse.Namespace, default: str = "fast") -> Recipe:
    """The recipe as it was asked for. Its own search size and dropped strides are no part of it here: every member is
    trained at its own image size."""
    from dataclasses import replace

    from nas.training.recipes import recipe_of

    recipe = recipe_of(options.recipe or default)
    recipe = recipe_with(recipe, options.set) if options.set else recipe
    recipe = replace(recipe, image_size=None, min_map=0)
    return replace(recipe, epochs=options.epochs, min_steps=0) if options.epochs else recipe


def planned(
    kind: str, base: Architecture, name: str, members: Sequence[Member], options: argparse.Namespace
) -> FamilyPlan:
    """The study of members of the base called ``name``, as the options ask for it."""
    from nas.families.plan import plan

    return plan(
        kind,
        base,
        members,
        options.data,
        base_name=name,
        out=options.out,
        seeds=options.seeds,
        seed=options.seed,
        device=options.device,
        blocks=options.blocks,
    )


def member_recipe(options: argparse.Namespace, base: Architecture, member: Architecture) -> Recipe:
    """The recipe of a scaled network's file: that of the base, by default the best known for long trainings, grown."""
    from dataclasses import replace

    from nas.families.member import grown_recipe
    from nas.training.recipes import LONG_EPOCHS, default_recipe, recipe_of

    recipe = recipe_of(options.recipe) if options.recipe else default_recipe(LONG_EPOCHS)[0]
    recipe = recipe_with(recipe, options.set) if options.set else recipe
    epochs = options.epochs or (None if options.recipe else LONG_EPOCHS)
    recipe = replace(recipe, epochs=epochs) if epochs else recipe
    return grown_recipe(recipe, base, member, round(options.memory * 10**9))


def based(source: str, blocks: str | None, image_size: int | None) -> tuple[str, Architecture]:
    """The base of that name, file or folder, at another image size where one is asked for."""
    from nas.module.loading import load_architecture

    name, base = load_architecture(source, blocks)
    return name, base.at(image_size)


def trained(plan: FamilyPlan, options: argparse.Namespace, keep: str = "none") -> Study:
    """Run the study, a line on stderr for each training that ends."""
    from nas.cli.options import read_words
    from nas.families.conduct import conduct
    from nas.study.errors import StudyError
    from nas.study.run_options import RunOptions

    run_options = RunOptions(keep=keep, **read_words(RunOptions, {name: getattr(options, name) for name in WHERE}))
    output.say(
        f"{len(plan.members)} networks, {len(set(plan.keys.values()))} of them different, {plan.seeds} seeds each"
    )
    output.say(
        f"data {plan.data.name}: {len(plan.data.train):,} images for training, {len(plan.data.val):,} for validation"
    )
    for line in enlarged_lines({m.name: m.architecture.image_size for m in plan.members}, plan.data.image_size):
        output.say(line)
    output.say(
        f"recipe {plan.members[0].recipe.name}, {plan.settings(plan.members[0]).epochs} epochs; folder {plan.folder}"
    )
    try:
        with unfailing():
            return conduct(plan, run_options, progress=_Lines(plan))
    except StudyError as error:
        raise UserError(f"{error}") from None


def enlarged_lines(sides: Mapping[str, int], images: int) -> list[str]:
    """One line where networks are larger than the images, which then are only interpolated."""
    larger = [f"{name} at {side} px" for name, side in sides.items() if side > images]
    if not larger:
        return []
    few = ", ".join(larger[:4]) + (f" and {len(larger) - 4} more" if len(larger) > 4 else "")
    return [
        f"the images are {images} px: {few} only interpolates them; --max-image-size {images} keeps to what they carry"
    ]


def print_results(results: Results) -> None:
    """The members by rank, with their intervals."""
    rows = [
        (
            row.name,
            f"{row.image_size} px",
            rounded(row.params),
            rounded(row.macs),
            percent(row.mean, 2),
            None if row.low is None or row.high is None else f"{100 * row.low:.2f} to {percent(row.high, 2)}",
            f"{len(row.scores)}" if row.reused is None else f"as {row.reused.rpartition('(')[2].rstrip(')')}",
        )
        for row in results.ranked
    ]
    output.print_table(TITLES, rows, "lrrrrrr")
    if results.deviation is not None:
        print(
            f"\nbetween seeds: {percent(results.deviation, 2)} (standard deviation, {results.freedom} degrees of "
            "freedom)"
        )


def row_data(row: Row) -> dict[str, Any]:
    """A row as JSON's types."""
    interval = None if row.low is None else [row.low, row.high]
    facts = {
        "image_size": row.image_size,
        "macs": row.macs,
        "params": row.params,
        "scores": list(row.scores),
        "mean": row.mean,
        "interval": interval,
    }
    return {"name": row.name, **row.labels, **facts, "reused": row.reused}


def closing_lines(study: Study) -> list[str]:
    """Where everything lies, and whether something is missing."""
    missing = [] if study.state == "finished" else [f"not finished ({study.state}): the same command goes on"]
    return [*missing, f"page {study.folder / 'report.html'}"]


class _Lines:
    """A line for each training that ends."""

    def __init__(self, plan: FamilyPlan) -> None:
        self._wanted = len(set(plan.keys.values())) * plan.seeds
        self._began = time.monotonic()
        self._done = 0

    def __call__(self, event: Mapping[str, Any]) -> None:
        if event["event"] != "finished":
            return
        record = event["record"]
        if record["state"] == "reused":
            return
        self._done += 1
        name = f"{record['decisions'].get('member')} seed {record['replicate']}"
        result = f"{percent(record['top1'], 2)} in {seconds_text(record['seconds'])}"
        if record["state"] == "failed":
            result = f"failed: {record['reason']}"
        output.say(
            f"{name}: {result} ({self._done} of at most {self._wanted}, {seconds_text(time.monotonic() - self._began)})"
        )
