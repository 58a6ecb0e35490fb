"""Learning curves: the score after each epoch, one line a training, the base in front."""

from __future__ import annotations

from dataclasses import dataclass

from nas.report import tables
from nas.report.figures import colours
from nas.report.figures.figure import Drawing, Figure, axis, clear_layout
from nas.study import Study
from nas.text.scores import TOP1, Scale

LOOKS = {"complete": ("trained", colours.TRAINED), "pruned": ("pruned", colours.PRUNED)}  # state: legend, colour
MAX_TICKS = 15  # epochs up to which each has its tick


@dataclass(frozen=True)
class Curve:
    """Scores after epoch 1, 2, … of one training of the search, which ``scale`` writes: top-1 as a fraction, say."""

    trial: int
    state: str
    top1: tuple[float, ...]
    base: bool
    scale: Scale = TOP1


def compute(study: Study) -> tuple[Curve, ...] | None:
    """Curves of complete and pruned trainings of at least two epochs, the base last so that it lies in front."""
    base = study.base.trial if study.base else None
    curves = [
        Curve(record.trial, state, record.top1_by_epoch, record.trial == base, study.definition.scale)
        for state in LOOKS
        for record in tables.searched(study.records, state)
        if len(record.top1_by_epoch) > 1
    ]
    return tuple(sorted(curves, key=lambda c: (c.base, c.state == "complete", c.trial))) or None


def draw(curves: tuple[Curve, ...]) -> Drawing:
    """One line a curve; the first of its kind stands in the legend."""
    lines = [_line(curve) for curve in curves]
    names = [line["name"] for line in lines]
    for index, line in enumerate(lines):
        line["showlegend"] = names.index(line["name"]) == index
    epochs = max(len(curve.top1) for curve in curves)
    ticks = {"dtick": 1} if epochs <= MAX_TICKS else {}
    layout = {
        "xaxis": axis("epoch", range=[0.8, epochs + 0.2], **ticks),
        "yaxis": axis(curves[0].scale.axis),
        **clear_layout(height=380, legend_y=-0.2, top=10),
    }
    return {"data": lines, "layout": layout}


def _line(curve: Curve) -> Drawing:
    name, colour = ("base", colours.BASE) if curve.base else LOOKS[curve.state]
    return {
        "type": "scatter",
        "name": name,
        "legendgroup": name,
        "x": list(range(1, len(curve.top1) + 1)),
        "y": [curve.scale.factor * top1 for top1 in curve.top1],
        "mode": "lines",
        "line": {"width": 3 if curve.base else 1.2, "color": colour},
        "opacity": 1.0 if curve.base else 0.6,
        "hovertemplate": f"trial {curve.trial}, epoch %{{x}}: {curve.scale.hover}<extra>{name}</extra>",
    }


FIGURE = Figure("Learning curves", compute, draw)
