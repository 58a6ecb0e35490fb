"""Figures of one training: its curves, its classes, and what it confuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nas.report.figures import colours
from nas.report.figures.figure import Drawing, Figure, axis, clear_layout, name_text
from nas.report.training import TrainingRun

MAX_CLASSES = 40  # bars, and rows of the confusion, that a figure can hold


@dataclass(frozen=True)
class Curves:
    """Numbers after each epoch by what they are called, and the title of their axis."""

    title: str
    lines: Mapping[str, tuple[float, ...]]


def top1_curves(run: TrainingRun) -> Curves | None:
    """Top-1 and top-5 on validation, in per cent; None before the first epoch."""
    return _curves(run, "on validation, %", {"top-1": "top1", "top-5": "top5"}, 100.0)


def loss_curves(run: TrainingRun) -> Curves | None:
    """Mean losses of the training and of validation images."""
    return _curves(run, "loss", {"training": "loss", "validation": "val_loss"}, 1.0)


def _curves(run: TrainingRun, title: str, names: Mapping[str, str], factor: float) -> Curves | None:
    numbers = {
        name: tuple(factor * epoch[key] for epoch in run.epochs)
        for name, key in names.items()
        if run.epochs and all(isinstance(epoch.get(key), int | float) for epoch in run.epochs)
    }
    return Curves(title, numbers) if numbers else None


def draw_curves(shown: Curves) -> Drawing:
    """A line for each number."""
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": list(range(1, len(numbers) + 1)),
            "y": list(numbers),
            "line": {"color": colours.CYCLE[place], "width": 2},
            "marker": {"size": 5},
            "hovertemplate": f"{name}, epoch %{{x}}: %{{y:.4~g}}<extra></extra>",
        }
        for place, (name, numbers) in enumerate(shown.lines.items())
    ]
    layout = {"xaxis": axis("epoch"), "yaxis": axis(shown.title), **clear_layout(height=380, legend_y=-0.2, top=10)}
    return {"data": traces, "layout": layout}


@dataclass(frozen=True)
class Classes:
    """The worst classes by top-1 in per cent, the split, and how many classes are not shown."""

    names: tuple[str, ...]
    top1: tuple[float, ...]
    images: tuple[int, ...]
    split: str
    left_out: int


def classes(run: TrainingRun) -> Classes | None:
    """Top-1 of each class on the test split, where it was read, else on validation; None before the end."""
    split, evaluation = _evaluation(run)
    if evaluation is None:
        return None
    rows = sorted(evaluation["per_class"], key=lambda row: row["top1"])
    kept = rows[:MAX_CLASSES]
    return Classes(
        tuple(str(row["class"]) for row in kept),
        tuple(100 * row["top1"] for row in kept),
        tuple(int(row["images"]) for row in kept),
        split,
        len(rows) - len(kept),
    )


def _evaluation(run: TrainingRun) -> tuple[str, Mapping[str, Any] | None]:
    summary = run.summary or {}
    split = next((split for split in ("test", "val") if summary.get(split)), "val")
    return {"val": "validation"}.get(split, split), summary.get(split)


def draw_classes(shown: Classes) -> Drawing:
    """A bar a class, the worst on top."""
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": list(shown.top1),
        "y": [name_text(name) for name in shown.names],
        "text": [f"{count:,} images" for count in shown.images],
        "textposition": "none",
        "marker": {"color": colours.TRAINED},
        "hovertemplate": "%{y}: %{x:.1f} % of %{text}<extra></extra>",
    }
    layout = {
        "xaxis": axis(f"top-1 on {shown.split}, %", range=[0, 100]),
        "yaxis": {"type": "category", "autorange": "reversed", "tickfont": {"size": 11}},
        **clear_layout(height=110 + 22 * len(shown.names), legend_y=-0.2, top=10),
    }
    return {"data": [bars], "layout": layout}


@dataclass(frozen=True)
class Confusion:
    """Images by true and predicted class, and the split."""

    names: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]
    split: str


def confusion(run: TrainingRun) -> Confusion | None:
    """None before the end, and for more classes than can be told apart."""
    split, evaluation = _evaluation(run)
    rows: Sequence[Sequence[int]] = (evaluation or {}).get("confusion") or ()
    names = (run.definition["data"] or {}).get("classes") or _names(evaluation)
    if not rows or len(rows) > MAX_CLASSES or len(names) != len(rows):
        return None
    return Confusion(tuple(map(str, names)), tuple(tuple(map(int, row)) for row in rows), split)


def _names(evaluation: Mapping[str, Any] | None) -> list[str]:
    """The classes by their index where nothing names them in order: the rows per class are sorted by what is right."""
    count = len((evaluation or {}).get("confusion") or ())
    return [f"class {index}" for index in range(count)]


def draw_confusion(shown: Confusion) -> Drawing:
    """A field for each pair, darker for more images; those that are right are left out, so that errors show."""
    wrong = [[None if i == j else count for j, count in enumerate(row)] for i, row in enumerate(shown.rows)]
    names = [name_text(name) for name in shown.names]
    field = {
        "type": "heatmap",
        "z": wrong,
        "x": names,
        "y": names,
        "colorscale": [[0, "rgba(36,120,200,0.06)"], [1, colours.BUDGET]],
        "hovertemplate": "%{y} taken for %{x}: %{z} images<extra></extra>",
        "colorbar": {"thickness": 10},
    }
    layout = {
        "xaxis": {"title": {"text": "taken for"}, "type": "category", "tickangle": -45},
        "yaxis": {"title": {"text": "is"}, "type": "category", "autorange": "reversed"},
        **clear_layout(height=460, legend_y=-0.2, top=10),
    }
    return {"data": [field], "layout": layout}


FIGURES: dict[str, Figure] = {
    "training": Figure(
        "Learning curves", top1_curves, draw_curves, views={"accuracy": top1_curves, "loss": loss_curves}, wide=True
    ),
    "classes": Figure(
        "Classes, the worst first",
        classes,
        draw_classes,
        lambda shown: [f"{shown.left_out} better classes are not shown."] if shown.left_out else [],
    ),
    "confusion": Figure(
        "What is taken for what", confusion, draw_confusion, lambda shown: [f"Errors on the {shown.split} images."]
    ),
}
"""Figures of a training's page, in this order."""
