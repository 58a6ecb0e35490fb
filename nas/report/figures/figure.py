"""What a figure of the page is: computed first, drawn later."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nas.text.visible import one_line

Drawing = dict[str, Any]
"""``data`` (traces) and ``layout`` as Plotly's script takes them: plain values that JSON can hold."""
TRIAL_HOVER = "%{text}<extra></extra>"
"""Hover text of a trace whose points carry trials (``customdata``): the page writes what each trial is."""
MAX_NAME = 60  # characters of a name inside a figure


@dataclass(frozen=True)
class Figure:
    """``compute`` makes plain values of its subject (a study, say), or None where there is nothing to show; ``draw``
    renders these and nothing else; ``captions`` are sentences about them that the picture cannot say, ``heading`` is
    the title over these values where it is another one. ``views`` are further ways to compute, by the names that a
    switch above the figure shows; ``wide`` figures span the page."""

    title: str
    compute: Callable[[Any], Any | None]
    draw: Callable[[Any], Drawing]
    captions: Callable[[Any], Sequence[str]] = lambda shown: ()
    heading: Callable[[Any], str] | None = None
    views: Mapping[str, Callable[[Any], Any | None]] = field(default_factory=dict)
    wide: bool = False

    def computed(self, subject: Any) -> dict[str, Any]:
        """What each view shows of the subject, by name, without those that show nothing; ``compute``'s comes first, by
        the name of the view that is equal to it or else none."""
        first = self.compute(subject)
        if first is None:
            return {}
        shown = {n: first if compute is self.compute else compute(subject) for n, compute in self.views.items()}
        others = {name: values for name, values in shown.items() if values is not None and values != first}
        name = next((name for name, values in shown.items() if values == first), "")
        return {name: first, **others}


def clear_layout(height: int, legend_y: float, top: int) -> Drawing:
    """The layout that all figures share; colours of text and grid come from the page."""
    return {
        "legend": {"orientation": "h", "yanchor": "top", "y": legend_y, "xanchor": "left", "x": 0},
        "margin": {"l": 60, "r": 20, "t": top, "b": 60},
        "height": height,
        "hovermode": "closest",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def axis(title: str, **settings: Any) -> Drawing:
    """An axis with its title."""
    return {"title": {"text": title, "standoff": 15}, "zeroline": False, **settings}


def wrapped(name: str, width: int) -> str:
    """As :func:`name_text`, in lines of at most ``width`` characters, where its words and signs allow that."""
    text = one_line(name)
    text = text if len(text) <= MAX_NAME else f"{text[: MAX_NAME - 1]}…"
    lines = [""]
    for piece in re.split(r"(?<=[ /=-])|(?=\()", text):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return "<br>".join(html.escape(line.rstrip(), quote=False) for line in lines)


def name_text(name: str) -> str:
    """A name from a file as text in a figure: Plotly reads markup in texts, so that none is left in it."""
    return wrapped(name, MAX_NAME)
