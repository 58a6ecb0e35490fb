"""The page of a training."""

from __future__ import annotations

from nas.report import parts
from nas.report.document import document, figure_block
from nas.report.figures.training import FIGURES
from nas.report.network_table import network_table
from nas.report.statements import how_measured, with_interval
from nas.report.training import TrainingRun
from nas.text.html import Html, element
from nas.text.numbers import percent, rounded, seconds_text

NOT_SHOWN = (
    "Other random seeds: this is one training; another seed gives another score.",
    "A comparison: networks are comparable on equal data, recipe, image size and epochs only.",
)


def training_page(run: TrainingRun, *, watched: bool = False) -> str:
    """The whole page as text."""
    facts = training_facts(run)
    terms = [element(tag, text) for pair in facts.items() for tag, text in zip(("dt", "dd"), pair, strict=True)]
    blocks = [figure_block(name, figure, run) for name, figure in FIGURES.items()]
    body = [
        element("h1", f"{run.definition['name']} on {run.definition['data']['name']}"),
        element("p", f"training {run.name}, {state(run)}", class_="soft"),
        _tiles(run),
        element("dl", *terms),
        element("div", *blocks, class_="figures"),
        *network_table(run.architecture),
        parts.box("What this page does not show", NOT_SHOWN, "box"),
    ]
    return document(run.name, body, watched=watched)


def state(run: TrainingRun) -> str:
    """Whether it has ended."""
    return "finished" if run.summary else f"not finished, {len(run.epochs)} epochs so far"


def training_facts(run: TrainingRun) -> dict[str, str]:
    """What was trained, on what and how, by its name for people."""
    data, recipe, settings = (run.definition[name] for name in ("data", "recipe", "settings"))
    summary = run.summary or {}
    images = ", ".join(f"{count:,} {split}" for split, count in (data.get("images") or {}).items())
    epochs = settings.get("epochs") or recipe.get("epochs")
    size = f" at {run.image_size} px" if run.image_size else ""
    facts = {
        "data": f"{data['name']}; images: {images}; digest {str(data.get('digest', ''))[:11]}",
        "trained": f"recipe {recipe.get('name', '?')}, {epochs} epochs{size}, batch {settings.get('batch')}, "
        f"{settings.get('dtype')}",
        "device": how_measured(settings.get("device"), settings.get("threads"), settings.get("batch") or 1),
        "random seed": str(run.definition["seed"]),
    }
    if summary:
        facts["cost"] = f"{summary['seconds'] / 3600:.3g} device-hours"
        facts["network"] = f"{summary['macs']:,} MACs and {summary['params']:,} parameters{size}"
    return facts


def training_lines(run: TrainingRun) -> list[str]:
    """How it ended, for people: scores with their intervals, splits and image size."""
    summary, size = run.summary or {}, f", at {run.image_size} px" if run.image_size else ""
    lines = []
    for split, name in (("val", "validation"), ("test", "test split, read once")):
        if scores := summary.get(split):
            lines.append(f"{name}: top-1 {with_interval(scores['top1'], scores['images'])}{size}{run.augmented}")
    if not lines and run.epochs:
        lines.append(f"after epoch {len(run.epochs)}: top-1 {percent(run.epochs[-1].get('top1'))} on validation{size}")
    return lines


def _tiles(run: TrainingRun) -> Html:
    summary = run.summary or {}
    size = f"at {run.image_size} px" if run.image_size else ""
    tiles: list[Html] = []
    for split, name in (("test", "top-1 on test"), ("val", "top-1 on validation")):
        if scores := summary.get(split):
            note = (
                f"{size}{run.augmented}; {with_interval(scores['top1'], scores['images'])}; {scores['images']:,} images"
            )
            tiles.append(parts.card(name, percent(scores["top1"]), note, "card base" if not tiles else "card"))
    if not tiles and run.epochs:
        note = f"after {len(run.epochs)} epochs, {size}"
        tiles.append(parts.card("top-1 on validation", percent(run.epochs[-1].get("top1")), note))
    if summary:
        tiles.append(parts.card("MACs", rounded(summary["macs"]), f"{summary['macs']:,} {size}"))
        tiles.append(parts.card("parameters", rounded(summary["params"]), f"{summary['params']:,}"))
        tiles.append(parts.card("training time", seconds_text(summary["seconds"]), f"{summary['epochs']} epochs"))
    return parts.tiles(*tiles)
