"""Several studies in one figure: their best so far and their fronts, each group of comparable ones by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from nas.report.fairness import conditions
from nas.report.figures import best_so_far, colours
from nas.report.figures.figure import Drawing, Figure, axis, clear_layout, name_text
from nas.report.pareto_front import pareto_front
from nas.study import Study
from nas.text.scores import Scale

DASHES = ("solid", "dot", "dash", "longdash", "dashdot")


@dataclass(frozen=True)
class Line:
    """A study's line: (x, score) and the group of comparable studies that it belongs to, from 0."""

    name: str
    points: tuple[tuple[float, float], ...]
    group: int
    scale: Scale


def groups_of(studies: Sequence[Study]) -> list[int]:
    """The number of each study's group: studies of one group are comparable."""
    kinds: list[dict[str, str]] = []
    numbers = []
    for study in studies:
        kind = conditions(study)
        if kind not in kinds:
            kinds.append(kind)
        numbers.append(kinds.index(kind))
    return numbers


def courses(studies: Sequence[Study], unit: str = "trainings") -> tuple[Line, ...] | None:
    """The best so far of each study over what it has spent."""
    lines = []
    for study, group in zip(studies, groups_of(studies), strict=True):
        shown = best_so_far.compute(study, unit)
        if shown is not None:
            lines.append(Line(study.name, tuple((x, y) for x, y, _ in shown.steps), group, shown.scale))
    return tuple(lines) or None


def fronts(studies: Sequence[Study]) -> tuple[Line, ...] | None:
    """The Pareto front of each study over MACs at its deployment."""
    lines = []
    for study, group in zip(studies, groups_of(studies), strict=True):
        front = pareto_front(study.records, "macs", study.question.goal.sign)
        if front:
            points = tuple((point.cost, point.top1) for point in front)
            lines.append(Line(study.name, points, group, study.definition.scale))
    return tuple(lines) or None


def draw(lines: Sequence[Line], title: str, **axis_settings: object) -> Drawing:
    """A step a study; comparable ones have lines of one kind."""
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name_text(line.name),
            "x": [x for x, _ in line.points],
            "y": [line.scale.factor * y for _, y in line.points],
            "line": {
                "shape": "hv",
                "width": 2,
                "dash": DASHES[line.group % len(DASHES)],
                "color": colours.CYCLE[place % len(colours.CYCLE)],
            },
            "marker": {"size": 7, "symbol": line.group},
            "hovertemplate": f"{name_text(line.name)}: {line.scale.hover}, %{{x:.4~s}}<extra></extra>",
        }
        for place, line in enumerate(lines)
    ]
    layout = {
        "xaxis": axis(title, **axis_settings),
        "yaxis": axis(lines[0].scale.axis),
        **clear_layout(height=440, legend_y=-0.2, top=10),
    }
    return {"data": traces, "layout": layout}


def captions(lines: Sequence[Line]) -> list[str]:
    """Which lines may be compared."""
    if len({line.group for line in lines}) < 2:
        return ["All of these were trained on equal data by one recipe at one size, so that the lines may be compared."]
    return ["Lines of one kind (dash and symbol) may be compared; others were trained on other data or in another way."]


FIGURES: dict[str, Figure] = {
    "courses": Figure(
        "Best so far, side by side",
        courses,
        partial(draw, title="spent", rangemode="tozero"),
        captions,
        views={"trainings": courses, "device-hours": partial(courses, unit="seconds")},
        wide=True,
    ),
    "fronts": Figure("Fronts, side by side", fronts, partial(draw, title="MACs", tickformat="~s"), captions, wide=True),
}
"""Figures of a page of several studies, in this order."""
