"""Figures of the page, one a file; a new one is its file and its line here, and stands on the page in this order."""

from __future__ import annotations

from nas.report.figures import accuracy, curves
from nas.report.figures.figure import Figure

FIGURES: dict[str, Figure] = {
    "accuracy": accuracy.FIGURE,
    "curves": curves.FIGURE,
}
