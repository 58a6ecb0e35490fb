"""Accuracy, or another score, against cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from nas.report.figures import colours
from nas.report.figures.accuracy_data import AXES, DRAWN, Accuracy, compute, of_latency, over
from nas.report.figures.figure import TRIAL_HOVER, Drawing, Figure, axis, clear_layout, name_text
from nas.report.figures.known import shared_labels
from nas.report.tables import Point
from nas.text.numbers import METRICS, percent, rounded
from nas.text.scores import TOP1, Scale

MAX_NAMED = 3  # known networks beyond the figure that are named, of the least and of the greatest
BARS = 0.14  # of the figure's height, that the longest bar of the space takes
LOOKS = {  # state: legend, colour, symbol, size, width of the symbol's line
    "complete": ("trained", colours.TRAINED, "circle", 10, 0),
    "pruned": ("trained in part", colours.PRUNED, "circle-open", 9, 1.5),
    "reused": ("reused score", colours.REUSED, "diamond-open", 11, 2),
}


def draw(shown: Accuracy) -> Drawing:
    """What was trained as points, the front as a line, limits and comparisons as lines across the figure."""
    scale = shown.scale
    trials = [_trials(state, shown.points[state], scale) for state in LOOKS]
    traces = [_space(shown), *_band(shown), *trials, _ticks(shown), _front(shown), _repeated(shown)]
    traces += [*_families(shown), _published(shown), _base(shown)]
    layout = {
        "xaxis": axis(AXES[shown.metric], range=list(shown.x_range), tickformat="~s"),
        "yaxis": axis(scale.axis, range=[scale.factor * side for side in shown.y_range]),
        "shapes": list(_lines(shown)),
        "annotations": [*_labels(shown), *_arrows(shown)],
        "bargap": 0.05,
        **clear_layout(height=520, legend_y=-0.16, top=30),
    }
    return {"data": [trace for trace in traces if trace["x"]], "layout": layout}


def _trace(name: str, points: Sequence[tuple[float, ...]], scale: Scale, **style: Any) -> Drawing:
    """Points that begin with cost and score."""
    costs, scores = [point[0] for point in points], [scale.factor * point[1] for point in points]
    return {"type": "scatter", "mode": "markers", "name": name, "x": costs, "y": scores, **style}


def _trials(state: str, points: tuple[Point, ...], scale: Scale) -> Drawing:
    legend, colour, symbol, size, width = LOOKS[state]
    return _trace(
        legend,
        points,
        scale,
        customdata=[point.trial for point in points],
        marker={"symbol": symbol, "size": size, "color": colour, "line": {"width": width, "color": colour}},
        hovertemplate=TRIAL_HOVER,
    )


def _space(shown: Accuracy) -> Drawing:
    """Bars along the axis of costs: how many of the space's networks cost that much."""
    low, high = shown.y_range
    most = max((share for _, share in shown.space), default=0.0)
    heights = [BARS * (high - low) * share / most for _, share in shown.space] if most else []
    return {
        "type": "bar",
        "name": "the space",
        "x": [cost for cost, _ in shown.space] if most else [],
        "y": [shown.scale.factor * height for height in heights],
        "base": shown.scale.factor * low,
        "marker": {"color": colours.SPACE},
        "hovertext": [f"{percent(share)} of the space" for _, share in shown.space],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _band(shown: Accuracy) -> list[Drawing]:
    """Where one training of a network on the front would fall by its seed alone, 95 of 100 times."""
    if not shown.band or not shown.front:
        return []
    edges = [[point._replace(top1=point.top1 + side * shown.band) for point in _steps(shown)] for side in (-1, 1)]
    style: Drawing = {"mode": "lines", "hoverinfo": "skip", "legendgroup": "band"}
    style["line"] = {"shape": "hv", "width": 0, "color": colours.FRONT}
    name = "95 % by the seed"
    lower = _trace(name, edges[0], shown.scale, showlegend=False, **style)
    upper = _trace(name, edges[1], shown.scale, fill="tonexty", fillcolor=colours.BAND, **style)
    return [lower, upper]


def _steps(shown: Accuracy) -> list[Point]:
    """The front, and its last score up to the budget or the edge."""
    end = shown.limit or shown.x_range[1]
    return [*shown.front, *(point._replace(cost=max(end, point.cost)) for point in shown.front[-1:])]


def _ticks(shown: Accuracy) -> Drawing:
    low, high = shown.y_range
    floor = low + 0.02 * (high - low)
    line = {"width": 1.5, "color": colours.KNOWN}
    return _trace(
        "over budget, never trained",
        [(cost, floor) for cost in shown.infeasible],
        shown.scale,
        marker={"symbol": "line-ns-open", "size": 14, "color": colours.KNOWN, "line": line},
        hovertemplate="%{x:.4s}<extra>over budget</extra>",
    )


def _front(shown: Accuracy) -> Drawing:
    line = {"shape": "hv", "width": 2, "color": colours.FRONT}
    return _trace("Pareto front", _steps(shown), shown.scale, mode="lines", line=line, hoverinfo="skip")


def _repeated(shown: Accuracy) -> Drawing:
    scale = shown.scale
    return _trace(
        "retrained, mean ± deviation over seeds",
        [(network.cost, network.mean) for network in shown.repeated],
        scale,
        error_y={
            "array": [scale.factor * r.deviation for r in shown.repeated],
            "thickness": 1.5,
            "width": 5,
        },
        customdata=[r.trial for r in shown.repeated],
        text=[
            f"trial {r.trial} again, {r.seeds} seeds: {scale.text(r.mean)} ± {scale.deviation(r.deviation)}"
            for r in shown.repeated
        ],
        marker={"symbol": "square", "size": 8, "color": colours.RETRAINED},
        hovertemplate=TRIAL_HOVER,
    )


def _families(shown: Accuracy) -> list[Drawing]:
    """From the base to what was scaled from it, where these were trained as the trials were; the line leaves the figure
    where they cost more."""
    return [
        _trace(
            "base and family, trained alike",
            [(float(getattr(row, shown.metric)), row.mean) for row in family.rows],
            shown.scale,
            text=[name_text(row.name) for row in family.rows],
            mode="lines+markers",
            line={"color": colours.BASE, "width": 1.5, "dash": "dot"},
            marker={"symbol": "triangle-up", "size": 9, "color": colours.BASE},
            hovertemplate=f"%{{text}}: {shown.scale.hover}, %{{x:.4s}}<extra></extra>",
        )
        for family in shown.families
        if not family.apart
    ]


def _published(shown: Accuracy) -> Drawing:
    return _trace(
        "published on these data",
        [(network.cost, network.top1) for network in shown.published],
        shown.scale,
        text=[f"{network.name}, {network.source}" for network in shown.published],
        marker={"symbol": "x-thin-open", "size": 9, "color": colours.REFERENCE, "line": {"width": 2}},
        hovertemplate=f"%{{text}}: {shown.scale.hover}, %{{x:.4s}}<extra></extra>",
    )


def _base(shown: Accuracy) -> Drawing:
    bases = [shown.base] if shown.base else []
    return _trace(
        "base",
        bases,
        shown.scale,
        customdata=[base.trial for base in bases],
        marker={"symbol": "star", "size": 18, "color": colours.BASE, "line": {"width": 1, "color": "white"}},
        hovertemplate=TRIAL_HOVER,
    )


def _lines(shown: Accuracy) -> Iterable[Drawing]:
    """The budget, the reference with its interval, and known networks, each across the whole figure."""
    if shown.limit is not None:
        yield _across("x", shown.limit, line={"dash": "dash", "width": 1.5, "color": colours.BUDGET})
    if shown.reference is not None:
        low, top1, high = (100 * share for share in (shown.reference.low, shown.reference.top1, shown.reference.high))
        band = {"type": "rect", "fillcolor": colours.REFERENCE, "opacity": 0.12, "line": {"width": 0}}
        yield _across("y", low, high, layer="below", **band)
        yield _across("y", top1, line={"dash": "dot", "width": 1.5, "color": colours.REFERENCE})
    for network in shown.known:
        yield _across("x", network.cost, layer="below", line={"dash": "dot", "width": 1, "color": colours.KNOWN})


def _across(side: str, low: float, high: float | None = None, **style: Any) -> Drawing:
    """A line at one value of an axis, or a band between two, from end to end of the other axis."""
    other = {"x": "y", "y": "x"}[side]
    values = {f"{side}0": low, f"{side}1": low if high is None else high, f"{side}ref": side}
    return {"type": "line", **values, f"{other}0": 0, f"{other}1": 1, f"{other}ref": f"{other} domain", **style}


def _labels(shown: Accuracy) -> Iterable[Drawing]:
    if shown.limit is not None:
        place = {"x": shown.limit, "y": 0.99, "yref": "y domain", "yanchor": "top", "xanchor": "right"}
        yield _label("budget", **place)
    if shown.reference is not None:
        name, height = name_text(shown.reference.name), 100 * shown.reference.top1
        yield _label(name, x=0, xref="x domain", y=height, xanchor="left")
    gap = (shown.x_range[1] - shown.x_range[0]) / 40
    for name, cost in shared_labels(shown.known, gap):
        yield _label(name, x=cost, y=0.02, yref="paper", xanchor="right", textangle=-90)


def _arrows(shown: Accuracy) -> Iterable[Drawing]:
    """From the score of the search to the mean over further seeds."""
    factor = shown.scale.factor
    for again in shown.repeated:
        tail = {"ax": again.cost, "ay": factor * again.searched, "axref": "x", "ayref": "y"}
        head = {"x": again.cost, "y": factor * again.mean, "xref": "x", "yref": "y"}
        yield {"text": "", "showarrow": True, "arrowhead": 2, "arrowcolor": colours.RETRAINED, **tail, **head}


def _label(text: str, **place: Any) -> Drawing:
    return {
        "text": text,
        "font": {"size": 11},
        "showarrow": False,
        "xref": "x",
        "yref": "y",
        **{"yanchor": "bottom", **place},
    }


def captions(shown: Accuracy) -> list[str]:
    """What a tick and a dotted line mean, and what lies outside."""
    lines = [
        "The front is computed from complete trainings only; arrows lead from a search score to the mean of its seeds."
    ]
    if not shown.repeated:
        lines = ["The front is computed from complete trainings only."]
    if shown.band:
        lines.append("The band is where 95 of 100 trainings of a network on the front fall by their seed alone.")
    if shown.space:
        lines.append(f"Grey bars: what {DRAWN} uniform draws of the whole space cost; they say nothing of accuracy.")
    if shown.far_limit is not None:
        lines.append(f"The budget, {rounded(shown.far_limit)} {AXES[shown.metric]}, lies to the right of the figure.")
    if shown.infeasible:
        lines.append("Ticks on the axis are proposals over the budget, by their cost; they were never trained.")
    if shown.far_reference is not None:
        far = shown.far_reference
        lines.append(f"{far.name}, {percent(far.top1)} on the same images, lies below the figure.")
    if shown.known:
        lines.append(f"Dotted vertical lines are known networks by cost {shown.size}; they were not trained here.")
    if shown.published:
        lines.append(
            f"Crosses are {len(shown.published)} known networks of this image size, as published, each by its recipe "
            "and crops, on ImageNet's validation images, which are the test split here."
        )
    lines += _family_captions(shown)
    if shown.beyond:
        named = [f"{network.name} ({rounded(network.cost)})" for network in shown.beyond]
        more = len(named) - 2 * MAX_NAMED
        names = named if more < 1 else [*named[:MAX_NAMED], f"… {more} more …", *named[-MAX_NAMED:]]
        lines.append(f"Outside the figure, by {METRICS[shown.metric]} {shown.size}: {', '.join(names)}.")
    return lines


def _family_captions(shown: Accuracy) -> list[str]:
    """Which families are drawn here, and why others are not."""
    lines = []
    for family in shown.families:
        if not family.apart:
            count = sum(getattr(row, shown.metric) > shown.x_range[1] for row in family.rows)
            beyond = f"; {count} of them lie to the right of the figure" if count else ""
            lines.append(
                f"A dotted line leads from the base to its family, trained alike ({family.conditions}){beyond}."
            )
        else:
            lines.append(
                f"The family {family.name} is not drawn here, for it differs in {', '.join(family.apart)}; it has a "
                "figure of its own."
            )
    return lines


def heading(shown: Accuracy) -> str:
    """Accuracy, or the score of an evaluator."""
    return f"{'Accuracy' if shown.scale is TOP1 else 'Score'} against cost"


VIEWS = {name: partial(over, metric=metric) for metric, name in METRICS.items()} | {"latency": of_latency}
FIGURE = Figure("Accuracy against cost", compute, draw, captions, heading, views=VIEWS, wide=True)
