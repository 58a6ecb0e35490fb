"""Search scores against means over further seeds: does the search rank as retraining does?"""

from __future__ import annotations

from dataclasses import dataclass

from nas.report import tables
from nas.report.agreement import retrained_line
from nas.report.figures import colours
from nas.report.figures.figure import TRIAL_HOVER, Drawing, Figure, axis, clear_layout
from nas.report.tables import Retrained
from nas.study import Study
from nas.text.scores import Scale


@dataclass(frozen=True)
class Agreement:
    """The networks that were trained again, and what Kendall's tau says of the two rankings."""

    networks: tuple[Retrained, ...]
    sentences: tuple[str, ...]
    scale: Scale


def compute(study: Study) -> Agreement | None:
    """None where fewer than two networks were trained again."""
    networks = tuple(tables.retrained(study.records))
    if len(networks) < 2:
        return None
    return Agreement(networks, tuple(retrained_line(study)), study.definition.scale)


def draw(shown: Agreement) -> Drawing:
    """A point a network with the spread of its seeds, and the line on which both scores are equal."""
    factor = shown.scale.factor
    searched = [factor * network.searched for network in shown.networks]
    means = [factor * network.mean for network in shown.networks]
    ends = [min(searched + means), max(searched + means)]
    equal = {"dash": "dot", "width": 1, "color": colours.KNOWN}
    points = {
        "type": "scatter",
        "mode": "markers",
        "name": "mean ± deviation over seeds",
        "x": searched,
        "y": means,
        "customdata": [network.trial for network in shown.networks],
        "error_y": {"array": [factor * network.deviation for network in shown.networks], "thickness": 1.5, "width": 4},
        "marker": {"symbol": "square", "size": 9, "color": colours.RETRAINED},
        "hovertemplate": TRIAL_HOVER,
    }
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": "equal",
        "x": ends,
        "y": ends,
        "line": equal,
        "hoverinfo": "skip",
    }
    layout = {
        "xaxis": axis(f"{shown.scale.name} in the search{',' if shown.scale.unit else ''}{shown.scale.unit}"),
        "yaxis": axis(f"with further seeds{',' if shown.scale.unit else ''}{shown.scale.unit}"),
        **clear_layout(height=380, legend_y=-0.2, top=10),
    }
    return {"data": [line, points], "layout": layout}


def captions(shown: Agreement) -> list[str]:
    """The rank correlation, or that there are too few for one; and why points lie below the line."""
    few = [f"{len(shown.networks)} networks are too few for a rank correlation."]
    return [*(shown.sentences or few), "What was chosen for a high score falls below the line by that choice alone."]


FIGURE = Figure("Do search scores hold?", compute, draw, captions)
