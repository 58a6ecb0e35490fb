"""Learning curves: validation top-1 after each epoch, one line a training, the base in front."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nas.report.source import Facts

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLOURS = {"complete": "#3b82c4", "pruned": "#9aa0a6"}
BASE = "#d64545"


@dataclass(frozen=True)
class Curve:
    """Top-1 as a fraction after epoch 1, 2, … of one training of the search."""

    trial: int
    state: str
    top1: tuple[float, ...]
    base: bool


def data(facts: Facts) -> tuple[Curve, ...]:
    """Curves of complete and pruned trainings, the base last so that it lies in front."""
    base = None if facts.base is None else facts.base.get("trial")
    curves = [
        Curve(
            int(r["trial"]),
            str(r["state"]),
            tuple(float(v) for v in r.get("top1_by_epoch") or ()),
            r["trial"] == base,
        )
        for r in facts.records
        if r["state"] in COLOURS and not r.get("replicate")
    ]
    return tuple(sorted((c for c in curves if len(c.top1) > 1), key=lambda c: (c.base, c.state == "complete", c.trial)))


def draw(curves: tuple[Curve, ...]) -> go.Figure:
    """Render the curves; colours of text and grid come from the page."""
    import plotly.graph_objects as go

    figure, named = go.Figure(), set[str]()
    longest = max((len(c.top1) for c in curves), default=2)
    for curve in curves:
        kind = "base" if curve.base else {"complete": "trained", "pruned": "pruned"}[curve.state]
        figure.add_trace(_line(curve, kind, first=kind not in named))
        named.add(kind)
    figure.update_layout(
        xaxis={
            "title": {"text": "epoch"},
            "dtick": 1 if longest <= 15 else None,
            "zeroline": False,
            "range": [0.8, longest + 0.2],
        },
        yaxis={"title": {"text": "top-1 on validation, %"}, "zeroline": False},
        legend={"orientation": "h", "yanchor": "top", "y": -0.2, "xanchor": "left", "x": 0},
        margin={"l": 60, "r": 20, "t": 10, "b": 60},
        height=380,
        hovermode="closest",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def _line(curve: Curve, kind: str, *, first: bool) -> go.Scatter:
    import plotly.graph_objects as go

    return go.Scatter(
        name=kind,
        legendgroup=kind,
        showlegend=first,
        x=list(range(1, len(curve.top1) + 1)),
        y=[100 * value for value in curve.top1],
        mode="lines",
        line={"width": 3 if curve.base else 1.2, "color": BASE if curve.base else COLOURS[curve.state]},
        opacity=1.0 if curve.base else 0.6,
        hovertemplate=f"trial {curve.trial}, epoch %{{x}}: %{{y:.1f}} %<extra>{kind}</extra>",
    )
