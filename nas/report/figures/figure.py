"""What a figure of the page is: computed first, drawn later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nas.study import Study

Drawing = dict[str, Any]
"""``data`` (traces) and ``layout`` as Plotly's script takes them: plain values that JSON can hold."""


@dataclass(frozen=True)
class Figure:
    """``compute`` makes plain values of a study, or None where there is nothing to show; ``draw`` renders these and
    nothing else; ``captions`` are sentences about them that the picture cannot say, ``heading`` is the
    title over these values where it is another one."""

    title: str
    compute: Callable[[Study], Any | None]
    draw: Callable[[Any], Drawing]
    captions: Callable[[Any], Sequence[str]] = lambda shown: ()
    heading: Callable[[Any], str] | None = None


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
