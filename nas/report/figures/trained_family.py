"""The base and what was scaled from it, trained alike: accuracy against cost, joined by a line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from nas.report.figures import colours
from nas.report.figures.figure import Drawing, Figure, axis, clear_layout, name_text
from nas.report.trained_families import TrainedFamily, trained_families
from nas.study import Study
from nas.study.members import Row
from nas.text.numbers import percent, rounded

AXES = {"macs": "MACs", "params": "parameters"}
DASHES = ("solid", "dot", "dash", "longdash", "dashdot")


@dataclass(frozen=True)
class Families:
    """Families that were trained from one base, over one of AXES."""

    metric: str
    families: tuple[TrainedFamily, ...]


def compute(study: Study, metric: str = "macs") -> Families | None:
    """None without a trained family."""
    families = trained_families(study)
    return Families(metric, families) if families else None


def draw(shown: Families) -> Drawing:
    """A line a family, from its base on; crosses for known networks that were trained with it."""
    traces = []
    for place, family in enumerate(shown.families):
        colour = colours.CYCLE[place % len(colours.CYCLE)]
        line = {"color": colour, "width": 2, "dash": DASHES[place % len(DASHES)]}
        name = name_text(family.name)
        traces.append(_trace(name, family.rows, shown.metric, "lines+markers+text", colour) | {"line": line})
        traces.append(_trace(f"known networks, {name}", family.known, shown.metric, "markers+text", colour))
        traces[-1]["marker"]["symbol"] = "x"
    layout = {
        "xaxis": axis(f"{AXES[shown.metric]}, each at its own image size", type="log", tickformat="~s"),
        "yaxis": axis("top-1 on validation, %"),
        **clear_layout(height=440, legend_y=-0.2, top=20),
    }
    return {"data": [trace for trace in traces if trace["x"]], "layout": layout}


def _trace(name: str, rows: tuple[Row, ...], metric: str, mode: str, colour: str) -> Drawing:
    return {
        "type": "scatter",
        "mode": mode,
        "name": name,
        "x": [getattr(row, metric) for row in rows],
        "y": [100 * row.mean for row in rows],
        "text": [name_text(row.name) for row in rows],
        "textposition": "top left",
        "hovertext": [_hover(row) for row in rows],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "error_y": {"array": [_span(row) for row in rows], "thickness": 1.5, "width": 5},
        "marker": {"size": 9, "color": colour},
    }


def _span(row: Row) -> float:
    """Half the 95 % interval of a mean, in per cent; 0 where it is not known."""
    return 0.0 if row.high is None else 100 * (row.high - row.mean)


def _hover(row: Row) -> str:
    seeds = f"{len(row.scores)} seed{'' if len(row.scores) == 1 else 's'}"
    return f"{name_text(row.name)} at {row.image_size} px: {percent(row.mean, 2)}, {seeds}, {rounded(row.macs)} MACs"


def captions(shown: Families) -> list[str]:
    """How each was trained, and whether the trials of the study may be compared with that."""
    lines = [f"{family.name}: {family.conditions}." for family in shown.families]
    if apart := [family for family in shown.families if family.apart]:
        lines += [
            f"The trials of this study are not drawn beside {family.name}: these differ in {', '.join(family.apart)}."
            for family in apart
        ]
    lines.append(
        "Bars: the 95 % interval of a mean over seeds, by the spread between the seeds of all members of a family, "
        "or of the known network itself."
    )
    return lines


FIGURE = Figure(
    "The base and its family, trained",
    compute,
    draw,
    captions,
    views={name: partial(compute, metric=metric) for metric, name in AXES.items()},
    wide=True,
)
