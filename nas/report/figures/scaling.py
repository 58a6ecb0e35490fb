"""A family: nominal against realised cost, how each dimension grows, and accuracy against cost where it was trained."""

from __future__ import annotations

from collections.abc import Sequence

from nas.report.family import Member, members_of
from nas.report.figures import colours
from nas.report.figures.figure import Drawing, Figure, axis, clear_layout, name_text
from nas.report.trials import Trials
from nas.study import Study
from search_spaces.errors import UserError

DIMENSIONS = {
    "depth": ("circle", colours.TRAINED),
    "width": ("square", colours.BASE),
    "resolution": ("diamond", colours.FRONT),
}


def of_base(study: Study) -> tuple[Member, ...] | None:
    """What the published family would be on the base; None without a base, or where it cannot be scaled."""
    base = study.base and Trials(study).architecture(study.base)
    if not base:
        return None
    try:
        return members_of(base)
    except UserError:  # a head that binds its image size, widths that groups do not divide
        return None


def draw_costs(members: Sequence[Member]) -> Drawing:
    """Nominal and realised ratios to the base's MACs, one against the other, on logarithmic axes."""
    ends = [min(member.nominal for member in members), max(member.nominal for member in members)]
    equal = {"dash": "dot", "width": 1, "color": colours.KNOWN}
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": "equal",
        "x": ends,
        "y": ends,
        "line": equal,
        "hoverinfo": "skip",
    }
    points = {
        "type": "scatter",
        "mode": "markers+text",
        "name": "members",
        "x": [member.nominal for member in members],
        "y": [member.realised for member in members],
        "text": [name_text(member.name) for member in members],
        "textposition": "top left",
        "marker": {"size": 9, "color": colours.TRAINED},
        "hovertemplate": "%{text}: nominal × %{x:.3g}, realised × %{y:.3g}<extra></extra>",
    }
    layout = {
        "xaxis": axis("nominal, × the base's MACs", type="log", dtick="D2"),
        "yaxis": axis("realised", type="log", dtick="D2"),
        **clear_layout(height=380, legend_y=-0.22, top=10),
    }
    return {"data": [line, points], "layout": layout}


def draw_dimensions(members: Sequence[Member]) -> Drawing:
    """Multipliers of depth, width and image size over the realised cost."""
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": [member.realised for member in members],
            "y": [getattr(member, name) for member in members],
            "text": [name_text(member.name) for member in members],
            "marker": {"symbol": symbol, "size": 8, "color": colour},
            "line": {"color": colour, "width": 1.5},
            "hovertemplate": f"%{{text}}: {name} × %{{y:.3g}}<extra></extra>",
        }
        for name, (symbol, colour) in DIMENSIONS.items()
    ]
    layout = {
        "xaxis": axis("realised, × the base's MACs", type="log", dtick="D2"),
        "yaxis": axis("multiplier"),
        **clear_layout(height=380, legend_y=-0.22, top=10),
    }
    return {"data": traces, "layout": layout}


def trained_members(members: Sequence[Member]) -> tuple[Member, ...] | None:
    """Those that were trained; None without any."""
    return tuple(member for member in members if member.top1 is not None) or None


def draw_accuracy(members: Sequence[Member]) -> Drawing:
    """Validation top-1 over MACs; members trained under equal conditions stand on one line, others on another."""
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(str(member.trained), []).append(member)
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers+text",
            "name": name_text(conditions),
            "x": [member.macs for member in group],
            "y": [100 * (member.top1 or 0.0) for member in group],
            "text": [name_text(member.name) for member in group],
            "textposition": "top left",
            "marker": {"size": 9},
            "line": {"color": colours.CYCLE[place % len(colours.CYCLE)]},
            "hovertemplate": "%{text}: %{y:.1f} %, %{x:.4s} MACs<extra></extra>",
        }
        for place, (conditions, group) in enumerate(groups.items())
    ]
    layout = {
        "xaxis": axis("MACs", type="log", dtick="D2", tickformat="~s"),
        "yaxis": axis("top-1 on validation, %"),
        **clear_layout(height=420, legend_y=-0.22, top=10),
    }
    return {"data": traces, "layout": layout}


def captions(members: Sequence[Member]) -> list[str]:
    """Why the two costs differ."""
    return ["Widths are rounded to multiples of 8 and repeats up, so that the realised cost is not the nominal one."]


OF_BASE = Figure(
    "The base as a family",
    of_base,
    draw_costs,
    lambda members: [*captions(members), "nas scale DIR --family writes these. This figure is about cost alone."],
)
COSTS = Figure("Nominal and realised cost", tuple, draw_costs, captions)
DIMENSIONS_OVER_COST = Figure("Growth by dimension", tuple, draw_dimensions)
ACCURACY = Figure("Accuracy of the family", trained_members, draw_accuracy, wide=True)
