"""Parallel coordinates: the decisions that matter, the costs and the score of each training as one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nas.report import tables
from nas.report.agreement import known_effects
from nas.report.figures import colours
from nas.report.figures.figure import TRIAL_HOVER, Drawing, Figure, clear_layout, wrapped
from nas.report.trials import Trials
from nas.report.words import decision_name
from nas.study import Record, Study
from nas.study.objectives import ranked
from nas.text.numbers import rounded

MAX_DECISIONS = 6
MAX_LINES = 120
MAX_LABELS = 8  # of an axis that are written beside it
BEST = 0.25  # share of the lines in colour
COLUMN = 105  # pixels that an axis and what is written beside it take at least
LINE = 15  # characters of that in one line
INACTIVE = "not taken"


@dataclass(frozen=True)
class Axis:
    """One axis: its name, and (text, height from 0 to 1) of what is written beside it."""

    name: str
    labels: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Parallel:
    """Axes from left to right, and of each training (trial, heights, whether it is of the best)."""

    axes: tuple[Axis, ...]
    lines: tuple[tuple[int, tuple[float, ...], bool], ...]


def compute(study: Study) -> Parallel | None:
    """The complete trainings over the decisions that pay most surely, MACs and the score; None for fewer than two."""
    records = ranked(study.records, study.question.goal)[:MAX_LINES]
    if len(records) < 2:
        return None
    trials = Trials(study)
    labels = {record.trial: trials.labels(record) for record in records}
    names = [name for name in _names(study, records) if len({of.get(name) for of in labels.values()}) > 1]
    columns = [_decision(name, [of.get(name, INACTIVE) for of in labels.values()]) for name in names[:MAX_DECISIONS]]
    scale = study.definition.scale
    columns.append(_numbers("MACs", [tables.cost(record, "macs") for record in records], rounded))
    columns.append(_numbers(scale.name, [float(record.top1 or 0.0) for record in records], scale.text))
    best = max(1, round(BEST * len(records)))
    lines = [
        (record.trial, tuple(heights[place] for _, heights in columns), place < best)
        for place, record in enumerate(records)
    ]
    return Parallel(tuple(of_axis for of_axis, _ in columns), tuple(reversed(lines)))


def _names(study: Study, records: list[Record]) -> list[str]:
    """Decisions, those that pay most surely first."""
    sure = [effect.decision for effect in known_effects(study)]
    return [*sure, *(name for name in records[0].decisions if name not in sure)]


def _decision(name: str, labels: list[str]) -> tuple[Axis, list[float]]:
    kinds = sorted(set(labels), key=lambda label: (label == INACTIVE, _as_number(label), label))
    heights = {label: place / max(1, len(kinds) - 1) for place, label in enumerate(kinds)}
    step = -(-len(kinds) // MAX_LABELS)
    written = tuple((label, heights[label]) for label in kinds[::step])
    return Axis(decision_name(name), written), [heights[label] for label in labels]


def _as_number(label: str) -> float:
    try:
        return float(label)
    except ValueError:
        return float("inf")


def _numbers(name: str, values: list[float], text: Callable[[float | None], str]) -> tuple[Axis, list[float]]:
    low, high = min(values), max(values)
    span = high - low or 1.0
    return Axis(name, ((text(low), 0.0), (text(high), 1.0))), [(value - low) / span for value in values]


def draw(shown: Parallel) -> Drawing:
    """One line a training, the best quarter in colour and in front."""
    places = list(range(len(shown.axes)))
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "best quarter" if is_best else "others",
            "legendgroup": str(is_best),
            "x": places,
            "y": list(heights),
            "customdata": [trial] * len(places),
            "line": {"width": 2 if is_best else 1, "color": colours.BASE if is_best else colours.KNOWN},
            "opacity": 0.85 if is_best else 0.35,
            "meta": {"opacity": 0.85 if is_best else 0.35},
            "hovertemplate": TRIAL_HOVER,
        }
        for trial, heights, is_best in shown.lines
    ]
    names = [trace["name"] for trace in traces]
    for index, trace in enumerate(traces):
        trace["showlegend"] = names.index(trace["name"]) == index
    rules = [
        {
            "type": "line",
            "x0": x,
            "x1": x,
            "y0": 0,
            "y1": 1,
            "layer": "below",
            "line": {"width": 1, "color": colours.KNOWN},
        }
        for x in places
    ]
    titles = [wrapped(of_axis.name, LINE) for of_axis in shown.axes]
    layout = {
        "xaxis": {
            "tickvals": places,
            "ticktext": titles,
            "tickangle": 0,
            "showgrid": False,
            "range": [-0.4, len(places) - 0.6],
        },
        "yaxis": {"visible": False, "range": [-0.06, 1.06]},
        "shapes": rules,
        "annotations": [
            _label(x, text, y, x - len(places)) for x, of_axis in enumerate(shown.axes) for text, y in of_axis.labels
        ],
        **clear_layout(height=420, legend_y=-0.25, top=10),
    }
    layout["margin"] = {**layout["margin"], "r": 40}
    layout["meta"] = {"minWidth": COLUMN * len(places)}
    return {"data": traces, "layout": layout}


def _label(x: int, text: str, y: float, from_end: int) -> Drawing:
    """Beside an axis on its right, of the costs on its left: there is no room between the last two."""
    side = {"xanchor": "right", "xshift": -3} if from_end == -2 else {"xanchor": "left", "xshift": 3}
    return {
        "x": x,
        "y": y,
        "text": wrapped(text, LINE),
        "font": {"size": 11},
        "align": "left",
        "showarrow": False,
        **side,
    }


def captions(shown: Parallel) -> list[str]:
    """Which lines are drawn."""
    return [f"{len(shown.lines)} complete trainings, best in colour; decisions that pay most surely stand on the left."]


FIGURE = Figure("From decisions to scores", compute, draw, captions, wide=True)
