"""The lineage of ILSVRC: published errors of known networks by year, with what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Any

from nas.report.figures import colours
from nas.report.figures.figure import Drawing, Figure, axis, clear_layout
from search_spaces import cost
from search_spaces.known.networks import names, network
from search_spaces.known.networks.published import PUBLISHED

MEASURES = {
    "top1": "top-1 error on ImageNet, %",
    "top5": "top-5 error on ImageNet, %",
    "macs": "MACs",
    "params": "parameters",
}
LARGEST = 34  # pixels of the largest network's marker


@dataclass(frozen=True)
class Known:
    """A network: year, the number shown, its exact costs, and where the number comes from."""

    name: str
    year: int
    number: float
    macs: int
    params: int
    source: str


@dataclass(frozen=True)
class Lineage:
    """The networks by year, and which of MEASURES is shown."""

    measure: str
    networks: tuple[Known, ...]


def compute(subject: Any, measure: str = "top1") -> Lineage:
    """The known networks, whatever the page is about; an error is the best published one of a single network."""
    networks = []
    for name in names():
        total = cost(network(name))
        costs = {"macs": total.macs, "params": total.params}
        number, source = (
            (costs[measure], "counted from its rows") if measure in costs else published_error(name, measure)
        )
        if number is not None:
            networks.append(Known(name, PUBLISHED[name].year, float(number), total.macs, total.params, source))
    return Lineage(measure, tuple(sorted(networks, key=lambda known: (known.year, known.name))))


def published_error(name: str, measure: str) -> tuple[float | None, str]:
    """The first published result of one network that has this number, as an error."""
    for result in PUBLISHED[name].results:
        number = getattr(result, measure)
        if number is not None and "networks" not in result.where:
            return (number if result.error else round(100 - number, 3)), f"{result.where} ({result.source})"
    return None, ""


def draw(shown: Lineage) -> Drawing:
    """A circle a network, its area after its MACs."""
    most = max((known.macs for known in shown.networks), default=1)
    points = {
        "type": "scatter",
        "mode": "markers",
        "name": "known networks, area by MACs",
        "x": [known.year for known in shown.networks],
        "y": [known.number for known in shown.networks],
        "text": [
            f"{known.name}, {known.year}: {known.number:.4g}<br>{known.macs:,} MACs, {known.params:,} "
            f"parameters<br>{known.source}"
            for known in shown.networks
        ],
        "marker": {
            "size": [max(5.0, LARGEST * sqrt(known.macs / most)) for known in shown.networks],
            "color": colours.TRAINED,
            "opacity": 0.55,
        },
        "hovertemplate": "%{text}<extra></extra>",
    }
    scale = {"type": "log", "tickformat": "~s"} if shown.measure in ("macs", "params") else {}
    layout = {
        "xaxis": axis("year", dtick=1, tickformat="d"),
        "yaxis": axis(MEASURES[shown.measure], **scale),
        **clear_layout(height=440, legend_y=-0.2, top=10),
    }
    return {"data": [points], "layout": layout}


def captions(shown: Lineage) -> list[str]:
    """That these numbers were not measured here."""
    return [
        "As published, each by its own recipe and crops: nothing here was trained by us; see nas networks for sources."
    ]


VIEWS = {
    name: partial(compute, measure=measure)
    for name, measure in {"top-1 error": "top1", "top-5 error": "top5", "MACs": "macs", "parameters": "params"}.items()
}
FIGURE = Figure("Known networks by year", compute, draw, captions, views=VIEWS, wide=True)
