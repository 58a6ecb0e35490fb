"""Accuracy against cost: every trial by its state, the Pareto front, the base, the budget, the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nas.report import tables
from nas.report.source import METRICS, Facts, Known

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Point = tuple[float, float, int]  # cost, top-1 as a fraction, trial

SHOWN = ("complete", "pruned", "reused")
LOOKS: dict[str, tuple[str, str, str, int]] = {  # state: legend, colour, symbol, size
    "complete": ("trained", "#3b82c4", "circle", 10),
    "pruned": ("pruned (last epoch)", "#9aa0a6", "x-thin-open", 9),
    "reused": ("reused score", "#8e6fc1", "diamond-open", 11),
}
FRONT, BASE, BUDGET, REFERENCE, KNOWN = "#d9822b", "#d64545", "#d64545", "#2a9d6f", "#8a8f98"


@dataclass(frozen=True)
class Repeated:
    """A network trained with several seeds: mean and deviation of top-1."""

    cost: float
    mean: float
    deviation: float
    n: int


@dataclass(frozen=True)
class Data:
    """All that the figure shows; costs in the unit of `metric`, top-1 as fractions."""

    metric: str
    points: dict[str, tuple[Point, ...]]
    infeasible: tuple[float, ...]
    front: tuple[tuple[float, float], ...]
    base: Point | None
    repeated: tuple[Repeated, ...]
    limit: float | None
    known: tuple[Known, ...]
    beyond: tuple[Known, ...]
    reference: tuple[float, float, float] | None
    x_range: tuple[float, float]
    y_range: tuple[float, float]


def data(facts: Facts) -> Data:
    """Compute what the figure shows from the records alone."""
    frame = tables.trials(facts.records)
    trials, metric = tables.searched(frame), facts.metric
    points = {state: _points(tables.by_state(trials, state), metric) for state in SHOWN}
    infeasible = tuple(tables.by_state(trials, "infeasible")[metric].dropna())
    repeated = tuple(
        Repeated(float(row[metric]), float(row["mean"]), _deviation(row), int(row["n"]))
        for _, row in tables.retrained(frame).iterrows()
    )
    x_range = _x_range([p[0] for ps in points.values() for p in ps], infeasible, facts.limit)
    reference = _reference(facts)
    return Data(
        metric=metric,
        points=points,
        infeasible=tuple(x for x in infeasible if x <= x_range[1]),
        front=tuple(zip(*(tables.front(frame, metric)[c] for c in (metric, "top1")), strict=True)),
        base=_base(facts),
        repeated=repeated,
        limit=facts.limit,
        known=tuple(k for k in facts.known if x_range[0] <= k.cost <= x_range[1]),
        beyond=tuple(k for k in facts.known if not x_range[0] <= k.cost <= x_range[1]),
        reference=reference,
        x_range=x_range,
        y_range=_y_range(points, repeated, reference),
    )


def draw(shown: Data) -> go.Figure:
    """Render the figure; colours of text and grid come from the page."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for state in SHOWN:
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


def _points(frame: pd.DataFrame, metric: str) -> tuple[Point, ...]:
    rows = frame.dropna(subset=["top1", metric])
    return tuple(
        (float(x), float(y), int(t)) for x, y, t in zip(rows[metric], rows["top1"], rows["trial"], strict=True)
    )


def _deviation(row: pd.Series) -> float:
    return float(row["deviation"]) if row["n"] > 1 else 0.0


def _base(facts: Facts) -> Point | None:
    if facts.base is None or facts.base.get("top1") is None:
        return None
    cost = 4 * facts.base["params"] if facts.metric == "bytes" else facts.base[facts.metric]
    return float(cost), float(facts.base["top1"]), int(facts.base["trial"])


def _reference(facts: Facts) -> tuple[float, float, float] | None:
    r = facts.reference
    return None if r is None else (float(r["top1"]), float(r["low"]), float(r["high"]))


def _x_range(trained: list[float], infeasible: tuple[float, ...], limit: float | None) -> tuple[float, float]:
    inside = trained + ([limit] if limit else [])
    if not inside:
        inside = list(infeasible) or [1.0]
    top = max(inside)
    near = [x for x in infeasible if x <= 1.25 * top]  # ticks far over the budget would squeeze the rest
    low, high = min(inside + near), max(inside + near)
    margin = 0.06 * (high - low) or 0.1 * high
    return max(0.0, low - margin), high + margin


def _y_range(
    points: dict[str, tuple[Point, ...]],
    repeated: tuple[Repeated, ...],
    reference: tuple[float, float, float] | None,
) -> tuple[float, float]:
    scores = [p[1] for state in ("complete", "reused") for p in points[state]]
    scores += [r.mean + side * r.deviation for r in repeated for side in (-1, 1)]
    scores += [] if reference is None else list(reference)
    scores = scores or [p[1] for p in points["pruned"]] or [0.0, 1.0]
    low, high = min(scores), max(scores)
    pruned = [p[1] for p in points["pruned"] if p[1] >= low - (high - low)]
    low = min([low, *pruned])
    margin = 0.08 * (high - low) or 0.02
    return max(0.0, low - 1.6 * margin), min(1.005, high + margin)


def _scatter(shown: Data, state: str) -> go.Scatter:
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


def _ticks(shown: Data) -> go.Scatter:
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


def _front(shown: Data) -> go.Scatter:
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


def _repeated(shown: Data) -> go.Scatter:
    import plotly.graph_objects as go

    return go.Scatter(
        name="retrained, mean ± deviation over seeds",
        x=[r.cost for r in shown.repeated],
        y=[100 * r.mean for r in shown.repeated],
        error_y={"array": [100 * r.deviation for r in shown.repeated], "thickness": 1.5, "width": 5},
        text=[f"{r.n} seeds: {100 * r.mean:.1f} ± {100 * r.deviation:.1f} %" for r in shown.repeated],
        mode="markers",
        marker={"symbol": "square", "size": 8, "color": "#0f8bb5"},
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


def _add_lines(figure: go.Figure, shown: Data) -> None:
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


def _add_known(figure: go.Figure, shown: Data) -> None:
    for known in shown.known:
        figure.add_vline(x=known.cost, line={"dash": "dot", "width": 1, "color": KNOWN}, layer="below")
    for name, cost in _labels(shown):
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


def _labels(shown: Data) -> list[tuple[str, float]]:
    """Names at their costs; networks whose labels would overlap share one."""
    gap = (shown.x_range[1] - shown.x_range[0]) / 40
    labels: list[tuple[list[str], float]] = []
    for known in sorted(shown.known, key=lambda k: k.cost):
        if labels and known.cost - labels[-1][1] < gap:
            labels[-1][0].append(known.name)
        else:
            labels.append(([known.name], float(known.cost)))
    return [(", ".join(names), cost) for names, cost in labels]


def _layout(shown: Data) -> dict[str, Any]:
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
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.16, "xanchor": "left", "x": 0},
        "margin": {"l": 60, "r": 20, "t": 30, "b": 60},
        "height": 520,
        "hovermode": "closest",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }
