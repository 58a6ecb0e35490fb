"""Accuracy against cost, drawn with Plotly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nas.report.figures.accuracy_data import Accuracy, Point, compute
from nas.report.figures.figure import (
    BASE,
    BUDGET,
    FRONT,
    KNOWN,
    PRUNED,
    REFERENCE,
    RETRAINED,
    REUSED,
    TRAINED,
    Figure,
    clear_layout,
)
from nas.report.figures.known import shared_labels
from nas.report.numbers import METRICS, rounded

if TYPE_CHECKING:
    import plotly.graph_objects as go

LOOKS: dict[str, tuple[str, str, str, int]] = {  # state: legend, colour, symbol, size
    "complete": ("trained", TRAINED, "circle", 10),
    "pruned": ("pruned (last epoch)", PRUNED, "x-thin-open", 9),
    "reused": ("reused score", REUSED, "diamond-open", 11),
}


def draw(shown: Accuracy) -> go.Figure:
    """Render the figure."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for state in LOOKS:
        if shown.points[state]:
            figure.add_trace(_scatter(shown, state))
    if shown.infeasible:
        figure.add_trace(_ticks(shown))
    if shown.front:
        figure.add_trace(_front(shown))
    if shown.repeated:
        figure.add_trace(_repeated(shown))
    if shown.base:
        figure.add_trace(_base_star(shown.base))
    _add_lines(figure, shown)
    _add_known(figure, shown)
    figure.update_layout(**_layout(shown))
    return figure


def _scatter(shown: Accuracy, state: str) -> go.Scatter:
    import plotly.graph_objects as go

    legend, colour, symbol, size = LOOKS[state]
    points = shown.points[state]
    line = {"width": 2, "color": colour}
    return go.Scatter(
        name=legend,
        x=[p[0] for p in points],
        y=[100 * p[1] for p in points],
        text=[f"trial {p[2]}" for p in points],
        mode="markers",
        marker={
            "symbol": symbol,
            "size": size,
            "color": colour,
            "line": line if "open" in symbol else {"width": 0},
        },
        hovertemplate="%{text}: %{y:.1f} %, %{x:.4s}<extra>" + legend + "</extra>",
    )


def _ticks(shown: Accuracy) -> go.Scatter:
    import plotly.graph_objects as go

    low, high = shown.y_range
    floor = 100 * (low + 0.02 * (high - low))
    return go.Scatter(
        name="over budget, never trained",
        x=list(shown.infeasible),
        y=[floor] * len(shown.infeasible),
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 14, "color": KNOWN, "line": {"width": 1.5, "color": KNOWN}},
        hovertemplate="%{x:.4s}<extra>over budget</extra>",
    )


def _front(shown: Accuracy) -> go.Scatter:
    import plotly.graph_objects as go

    end = shown.limit or shown.x_range[1]
    steps = [*shown.front, (max(end, shown.front[-1][0]), shown.front[-1][1])]
    return go.Scatter(
        name="Pareto front",
        x=[x for x, _ in steps],
        y=[100 * y for _, y in steps],
        mode="lines",
        line={"shape": "hv", "width": 2, "color": FRONT},
        hoverinfo="skip",
    )


def _repeated(shown: Accuracy) -> go.Scatter:
    import plotly.graph_objects as go

    return go.Scatter(
        name="retrained, mean ± deviation over seeds",
        x=[r.cost for r in shown.repeated],
        y=[100 * r.mean for r in shown.repeated],
        error_y={"array": [100 * r.deviation for r in shown.repeated], "thickness": 1.5, "width": 5},
        text=[f"{r.n} seeds: {100 * r.mean:.1f} ± {100 * r.deviation:.1f} %" for r in shown.repeated],
        mode="markers",
        marker={"symbol": "square", "size": 8, "color": RETRAINED},
        hovertemplate="%{text}<extra>retrained</extra>",
    )


def _base_star(base: Point) -> go.Scatter:
    import plotly.graph_objects as go

    x, y, trial = base
    return go.Scatter(
        name="base",
        x=[x],
        y=[100 * y],
        mode="markers",
        marker={"symbol": "star", "size": 18, "color": BASE, "line": {"width": 1, "color": "white"}},
        hovertemplate=f"base, trial {trial}: %{{y:.1f}} %, %{{x:.4s}}<extra></extra>",
    )


def _add_lines(figure: go.Figure, shown: Accuracy) -> None:
    if shown.limit is not None:
        figure.add_vline(
            x=shown.limit,
            line={"dash": "dash", "width": 1.5, "color": BUDGET},
            annotation={"text": "budget", "font": {"color": BUDGET}, "yanchor": "bottom", "showarrow": False},
            annotation_position="top",
        )
    if shown.reference is not None:
        top1, low, high = (100 * value for value in shown.reference)
        figure.add_hrect(y0=low, y1=high, fillcolor=REFERENCE, opacity=0.12, line_width=0, layer="below")
        figure.add_hline(
            y=top1,
            line={"dash": "dot", "width": 1.5, "color": REFERENCE},
            annotation={"text": "logistic regression", "font": {"color": REFERENCE}, "showarrow": False},
            annotation_position="top left",
        )


def _add_known(figure: go.Figure, shown: Accuracy) -> None:
    for known in shown.known:
        figure.add_vline(x=known.cost, line={"dash": "dot", "width": 1, "color": KNOWN}, layer="below")
    gap = (shown.x_range[1] - shown.x_range[0]) / 40
    for name, cost in shared_labels(shown.known, gap):
        figure.add_annotation(
            x=cost,
            y=0.02,
            yref="paper",
            text=name,
            textangle=-90,
            xanchor="right",
            yanchor="bottom",
            showarrow=False,
            font={"size": 11, "color": KNOWN},
        )


def _layout(shown: Accuracy) -> dict[str, Any]:
    return {
        "xaxis": {
            "title": {"text": METRICS[shown.metric]},
            "range": list(shown.x_range),
            "tickformat": "~s",
            "zeroline": False,
        },
        "yaxis": {
            "title": {"text": "top-1 on validation, %"},
            "range": [100 * side for side in shown.y_range],
            "zeroline": False,
        },
        **clear_layout(height=520, legend_y=-0.16, top=30),
    }


def captions(shown: Accuracy) -> list[str]:
    """What a tick and a dotted line mean, and what lies outside."""
    lines = ["The front is computed from complete trainings only."]
    if shown.infeasible:
        lines.append("Ticks on the axis are proposals over the budget, by their cost; they were never trained.")
    if shown.known:
        lines.append(f"Dotted vertical lines are known networks by cost {shown.size}; they were not trained here.")
    if shown.beyond:
        names = ", ".join(f"{known.name} ({rounded(known.cost)})" for known in shown.beyond)
        lines.append(f"Outside the figure, by {METRICS[shown.metric]} {shown.size}: {names}.")
    return lines


FIGURE = Figure("Accuracy against cost", compute, draw, captions)
