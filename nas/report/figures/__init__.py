"""Figures of a study's page, one a file; a new one is its file and its line here, and stands on the page in this
order."""

from __future__ import annotations

from nas.report.figures import (
    accuracy,
    best_so_far,
    curves,
    effects,
    parallel,
    retrained,
    scaling,
    timeline,
    trained_family,
)
from nas.report.figures.figure import Figure

FIGURES: dict[str, Figure] = {
    "accuracy": accuracy.FIGURE,
    "best_so_far": best_so_far.FIGURE,
    "curves": curves.FIGURE,
    "effects": effects.FIGURE,
    "retrained": retrained.FIGURE,
    "parallel": parallel.FIGURE,
    "trained_family": trained_family.FIGURE,
    "family": scaling.OF_BASE,
    "timeline": timeline.FIGURE,
}
