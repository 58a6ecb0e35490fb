"""`nas train`: one network on a data set, by a recipe, in a folder that can be resumed."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.arguments import ARCH_HELP, WEIGHTS_HELP, add_recipe_values, add_tta, recipe_with
from nas.cli.parser import Parser, command, count, natural
from nas.cli.streams import unfailing
from nas.storage import layout
from nas.text.numbers import is_balanced, percent
from search_spaces.files.outside import BLOCKS_HELP

if TYPE_CHECKING:
    from nas.training.recipe import Recipe
    from nas.training.training import Training

EXAMPLE = """
nas train efficientnet-b0 --data folder:flowers --recipe modern --image-size 128
nas train studies/mine --data cifar10 --recipe efficientnet --epochs 100 --set batch=256
nas train resnet-50 --data folder:flowers --weights torchvision --freeze body --epochs 5
"""
MAX_CLASSES, MAX_PAIRS = 5, 3


def parser() -> Parser:
    """Options of `nas train`."""
    p = command(
        "train",
        "Train a network, or fine-tune one: validation after each epoch, the test split read once at the end. The "
        "same command goes on where it was stopped. On several GPUs: torchrun --nproc-per-node 8 -m nas train …",
        EXAMPLE,
    )
    p.epilog = f"fields of a recipe, for --set and for files (default; what they may be):\n{_fields()}\n\n{p.epilog}"
    _add_question(p)
    _add_start(p)
    _add_running(p)
    return p


def _add_question(p: Parser) -> None:
    from nas.data.by_name import FORMS
    from nas.training.recipes import LONG, LONG_EPOCHS, MEASURED, SHORT, SHORT_EPOCHS

    group = p.add_argument_group("what is trained, and how")
    group.add_argument("network", metavar="ARCH", help=ARCH_HELP)
    group.add_argument("--data", required=True, metavar="D", help=FORMS)
    measured = "; ".join(f"{name}: {text}" for name, text in MEASURED.items()).replace("%", "%%")
    default = f"{SHORT} for {SHORT_EPOCHS} epochs, {LONG} where --epochs is {LONG_EPOCHS} or more"
    help_text = f"name or YAML file; by default that in the file of ARCH, or else {default}. Measured: {measured}"
    group.add_argument("--recipe", metavar="R", help=help_text)
    add_recipe_values(group)
    add_tta(group)
    group.add_argument("--epochs", type=count, metavar="N", help="epochs, instead of the recipe's; its curve is kept")
    group.add_argument("--image-size", type=count, metavar="N", help="side in pixels, instead of the network's")
    group.add_argument("--batch", type=count, metavar="N", help="images a step over all processes; the rate stays")
    group.add_argument("--seed", type=natural, default=0, metavar="N", help="of weights, order and draws (0)")
    group.add_argument("--blocks", metavar="MODULE", help=BLOCKS_HELP)


def _fields() -> str:
    """A line for each field of a recipe."""
    from nas.training.recipe import described_fields

    return "\n".join(
        f"  {name:<16} {meaning} ({default}; {words})" for name, default, words, meaning in described_fields()
    )


def _add_start(p: Parser) -> None:
    group = p.add_argument_group("fine-tuning")
    group.add_argument(
        "--weights", type=Path, metavar="W", help=f"begin with {WEIGHTS_HELP}; a head of other classes is new"
    )
    group.add_argument(
        "--freeze", action="append", default=[], metavar="SCOPE", help="body, stem, stages, stages.0 …: not trained"
    )


def _add_running(p: Parser) -> None:
    group = p.add_argument_group("where it runs")
    group.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda, cuda:1 (auto)")
    group.add_argument("--threads", type=count, metavar="N", help="threads of each process (one or all, as measured)")
    group.add_argument("--dtype", metavar="T", help="float32, bfloat16 or float16 (bfloat16 on a GPU that has it)")
    group.add_argument("--accumulate", type=count, metavar="N", help="gradient accumulation steps (1)")
    group.add_argument("--compile", action="store_true", help="torch.compile; pays on GPUs and long trainings")
    group.add_argument("--deterministic", action="store_true", help="on a GPU: the same result each time, slower")
    group.add_argument("--sync-bn", action="store_true", help="batch norms over all GPUs")
    group.add_argument("--out", type=Path, metavar="DIR", help="folder, instead of one under runs/")
    group.add_argument("--resume", action="store_true", help="go on, and refuse to begin")
    group.add_argument("--json", action="store_true", help="print the summary as JSON; everything else to stderr")


def run(options: argparse.Namespace) -> int:
    """Train, telling how it goes, and print the summary."""
    from nas.training.distributed import joined, world
    from nas.training.loop import TrainingFailed
    from nas.training.settings import device_of

    try:
        with unfailing(), joined(device_of(options.device)) as device:
            summary = _trained(options, device)
            leads = world().leads
    except TrainingFailed as error:
        output.say(f"nas train: {error}; a smaller --set lr=… or --set clip=1 may help")
        return 1
    if leads and options.json:
        output.print_json(summary)
    elif leads:
        print()
        output.print_pairs(_summary_pairs(summary))
    return 0


def _trained(options: argparse.Namespace, device: str) -> dict[str, Any]:
    from nas.cli.epochs import epochs_shown
    from nas.training.distributed import world
    from nas.training.run_folder import run as train

    training, folder = _training(options, device)
    if not world().leads:
        return train(training, folder, resume=options.resume)
    tell = output.say if options.json else print
    for line in _about(training, folder):
        tell(line)
    try:
        with epochs_shown(training) as shown:
            return train(training, folder, resume=options.resume, on_epoch=shown.epoch, watch=shown.step)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"stopped; the same command goes on from {folder}") from None


def _training(options: argparse.Namespace, device: str) -> tuple[Training, Path]:
    from nas.training.by_name import SETTINGS, training_of
    from nas.training.recipes import default_recipe, recipe_of
    from nas.training.stored_recipe import stored_recipe

    given = {field: getattr(options, field) for field in SETTINGS if getattr(options, field)}
    for field in ("out", "threads", "seed", "weights", "freeze", "blocks", "tta"):
        given[field] = getattr(options, field)
    recipe = options.recipe or stored_recipe(options.network)
    if recipe is None:
        recipe, given["epochs"] = default_recipe(options.epochs)
    recipe = mirrored_as_searched(recipe_of(recipe), options.network) if options.recipe is None else recipe
    recipe = recipe_with(recipe, options.set) if options.set else recipe
    return training_of(options.network, options.data, recipe, device=device, **given)


def mirrored_as_searched(recipe: Recipe, network: str) -> Recipe:
    """The recipe without mirroring where the study that the network is from searched without: it may destroy labels."""
    folder = Path(network)
    if not (folder / layout.STUDY).is_file():
        return recipe
    from nas.study import open_study

    searched = open_study(folder).definition.recipe or {}
    return recipe if searched.get("flip", True) else replace(recipe, flip=False)


def _about(training: Training, folder: Path) -> list[str]:
    from nas.text.numbers import rounded
    from nas.training.sizing import mirror_lines
    from nas.training.tta import tta_notes
    from search_spaces import cost

    data, settings, network = training.data, training.settings, training.trained
    total = cost(network)
    share = settings.batch // settings.processes
    several = f", {settings.processes} processes of {share} images" if settings.processes > 1 else ""
    lines = [
        f"{training.name} at {network.image_size} px: {total.params:,} parameters, {rounded(total.macs)} MACs",
        f"data {data.name}: {len(data.train):,} images for training, {len(data.val):,} for validation, "
        f"{len(data.test):,} for the test at the end, {len(data.classes)} classes",
        *(f"  {note}" for note in data.notes),
        *_enlarged_lines(network.image_size, data.image_size),
        f"{training.sized}, {settings.device}, {settings.dtype}, "
        f"{settings.threads} thread{'s' if settings.threads > 1 else ''}{several}",
        *(f"  {line}" for line in mirror_lines(training.recipe, training.spec)),
        *(f"  {note}, after the last epoch" for note in tta_notes(training.tta)),
        f"folder {folder}",
    ]
    fresh = training.fresh()
    if training.weights:
        notes = {"new": fresh, "frozen": training.freeze}
        more = "".join(f"; {name}: {', '.join(names)}" for name, names in notes.items() if names)
        lines.insert(-1, f"begins with {training.weights}{more}")
    return lines


def _enlarged_lines(side: int, images: int) -> list[str]:
    """What to say where images are enlarged, which costs time and shows the network nothing new."""
    if side <= images:
        return []
    return [f"  images of {images} px are enlarged to {side} px; --image-size {images} trains at their own size"]


def _summary_pairs(summary: dict[str, Any]) -> list[tuple[str, object]]:
    """What a training came to: accuracy, what is confused, what the network and the run cost."""
    from nas.report.stored import augmented
    from nas.text.numbers import rounded, seconds_text

    test, val, augmentation = summary["test"], summary["val"], augmented(summary)
    worst = ", ".join(
        f"{row['class']} {percent(row['top1'])}" for row in test["per_class"][:MAX_CLASSES] if row["images"]
    )
    confused = ", ".join(
        f"{pair['true']} for {pair['predicted']} {pair['images']}×" for pair in test["confused"][:MAX_PAIRS]
    )
    return [
        ("validation", _accuracy(val) + augmentation),
        ("test, read once", _accuracy(test) + augmentation),
        ("least right", worst),
        ("taken", confused or "nothing for anything else"),
        ("network", f"{summary['params']:,} parameters, {rounded(summary['macs'])} MACs at {summary['image_size']} px"),
        (
            "run",
            f"{summary['epochs']} epochs in {seconds_text(summary['seconds'])} "
            f"({seconds_text(summary['cpu_seconds'])} of CPU), "
            f"{summary['images_per_second']:,.0f} images/s, {rounded(summary['training_macs'])} MACs",
        ),
    ]


def _accuracy(part: dict[str, Any]) -> str:
    low, high = (percent(bound) for bound in part["top1_interval"])
    balanced = "" if is_balanced(part) else f", balanced {percent(part['balanced_top1'], 2)}"
    top5 = "" if part["top5"] is None else f", top-5 {percent(part['top5'])}"
    return f"top-1 {percent(part['top1'], 2)} (95 %: {low} to {high}){balanced}{top5}, {part['images']:,} images"
