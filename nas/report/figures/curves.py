"""Learning curves: validation top-1 after each epoch, one line a training, the base in front."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nas.report import tables
from nas.report.figures.figure import BASE, PRUNED, TRAINED, Figure, clear_layout
from nas.study import Study

if TYPE_CHECKING:
    import plotly.graph_objects as go

LOOKS = {"complete": ("trained", TRAINED), "pruned": ("pruned", PRUNED)}  # state: legend, colour


@dataclass(frozen=True)
class Curve:
    """Top-1 as a fraction after epoch 1, 2, … of one training of the search."""

    trial: int
    state: str
    top1: tuple[float, ...]
    base: bool


def compute(study: Study) -> tuple[Curve, ...] | None:
    """Curves of complete and pruned trainings of at least two epochs, the base last so that it lies in front."""
    base = study.base.trial if study.base else None
    curves = [
        Curve(record.trial, state, record.top1_by_epoch, record.trial == base)
        for state in LOOKS
        for record in tables.searched(study.records, state)
        if len(record.top1_by_epoch) > 1
    ]
    return tuple(sorted(curves, key=lambda c: (c.base, c.state == "complete", c.trial))) or None


def draw(curves: tuple[Curve, ...]) -> go.Figure:
    """Render the curves."""
    import plotly.graph_objects as go

    figure, named = go.Figure(), set[str]()
    epochs = max(len(curve.top1) for curve in curves)
    for curve in curves:
        name = "base" if curve.base else LOOKS[curve.state][0]
        figure.add_trace(_line(curve, name, first=name not in named))
        named.add(name)
    figure.update_layout(
        xaxis={
            "title": {"text": "epoch"},
            "dtick": 1 if epochs <= 15 else None,
            "zeroline": False,
            "range": [0.8, epochs + 0.2],
        },
        yaxis={"title": {"text": "top-1 on validation, %"}, "zeroline": False},
        **clear_layout(height=380, legend_y=-0.2, top=10),
    )
    return figure


def _line(curve: Curve, name: str, *, first: bool) -> go.Scatter:
    import plotly.graph_objects as go

    return go.Scatter(
        name=name,
        legendgroup=name,
        showlegend=first,
        x=list(range(1, len(curve.top1) + 1)),
        y=[100 * value for value in curve.top1],
        mode="lines",
        line={"width": 3 if curve.base else 1.2, "color": BASE if curve.base else LOOKS[curve.state][1]},
        opacity=1.0 if curve.base else 0.6,
        hovertemplate=f"trial {curve.trial}, epoch %{{x}}: %{{y:.1f}} %<extra>{name}</extra>",
    )


FIGURE = Figure("Learning curves", compute, draw)
