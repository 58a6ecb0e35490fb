"""The figures of a study as PNG and SVG files, drawn by kaleido in a browser without a window."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nas.report.figures import FIGURES
from nas.report.figures.figure import Drawing, Figure
from nas.study import Study
from search_spaces.errors import UserError

KINDS = ("png", "svg")
WIDTH = 1100  # pixels
NEEDED = "--figures needs kaleido and a Chromium or Chrome: python -m pip install kaleido"


def write_pictures(study: Study, folder: Path) -> list[Path]:
    """Write each figure that has something to show, its first view, in each of KINDS; returns the files. Raises
    UserError where kaleido or a browser is missing."""
    if find_spec("kaleido") is None:
        raise UserError(NEEDED)
    import plotly.io

    drawings, paths = [], []
    for name, figure in FIGURES.items():
        for shown in list(figure.computed(study).values())[:1]:
            drawings += [_titled(figure, shown)] * len(KINDS)
            paths += [folder / f"{name}.{kind}" for kind in KINDS]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        plotly.io.write_images(fig=drawings, file=paths, width=WIDTH)
    except Exception as error:  # kaleido raises errors of its own for a browser that is missing or dies
        raise UserError(f"{NEEDED} ({type(error).__name__}: {(str(error).splitlines() or [''])[0]})") from error
    return paths


def _titled(figure: Figure, shown: Any) -> Drawing:
    """A drawing on white, with its title."""
    drawing = figure.draw(shown)
    title = figure.heading(shown) if figure.heading else figure.title
    white = {"paper_bgcolor": "white", "plot_bgcolor": "white", "title": {"text": title}}
    margin = drawing["layout"].get("margin", {}) | {"t": 60}
    return {**drawing, "layout": {**drawing["layout"], **white, "margin": margin}}
