"""One HTML file that needs no network and opens anywhere: the frame of every page, and a figure's place in it."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from nas.report.figures.figure import Drawing, Figure
from nas.text.html import Html, element

SCRIPTS = ("trials.js", "filter.js", "drawing.js", "card.js", "table.js", "figures.js", "main.js")
PACKING = 6  # level of gzip: the highest, 9, makes it 1 % smaller in twice the time
KEYS = "arrow keys walk through the trials, Enter pins one."
RELOAD = 10  # seconds after which a page that is watched loads anew


def document(title: str, body: Iterable[Html], data: Mapping[str, Any] | None = None, watched: bool = False) -> str:
    """The whole page as text; ``data`` are the trials that cards and filters know of."""
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        *([element("meta", http_equiv="refresh", content=RELOAD)] if watched else []),
        element("title", title),
        element("style", _asset("page.css")),
    ]
    content = [
        element("main", *body),
        element("aside", id="pinned", aria_label="pinned trials", hidden=True),
        element("p", id="live", class_="unseen", aria_live="polite"),
        *([] if data is None else [_data("trials-data", data)]),
        element("script", _plotly(), type="text/plain", id="plotly"),
        *(element("script", _asset(name)) for name in SCRIPTS),
    ]
    whole = element("html", element("head", *head), element("body", *content), lang="en")
    return f"<!doctype html>\n{whole}\n"


def figure_block(name: str, figure: Figure, subject: Any) -> Html:
    """Title, place and data of a figure, a switch where it has several views, and its captions; nothing where it has
    nothing to show. A figure that fails says so in its place: the page must come out whatever a study holds."""
    try:
        views = figure.computed(subject)
        drawn = [figure.draw(shown) for shown in views.values()]
    except Exception as error:
        sentence = f"This figure could not be made: {type(error).__name__}: {error}"
        return element("section", element("h2", figure.title), element("p", sentence, class_="note"), class_="block")
    if not views:
        return Html()
    shown = next(iter(views.values()))
    title = figure.heading(shown) if figure.heading else figure.title
    captions = list(figure.captions(shown))
    place = element(
        "div",
        class_="figure",
        id=f"{name}-figure",
        data_figure=f"{name}-data",
        style=f"min-height:{drawn[0]['layout'].get('height', 300)}px",
        tabindex="0",
        role="group",
        aria_label=" ".join([f"{title}:", *([KEYS] if _has_trials(drawn) else []), *captions]),
    )
    content = [element("h2", title), _switch(name, title, list(views)), place, _data(f"{name}-data", drawn)]
    content += [element("p", caption, class_="soft") for caption in captions]
    return element("section", *content, class_="block wide" if figure.wide else "block")


def _has_trials(drawn: Iterable[Drawing]) -> bool:
    """Whether points of a figure are trials, which keys reach."""
    return any("customdata" in trace for drawing in drawn for trace in drawing["data"])


def _switch(name: str, title: str, views: list[str]) -> Html:
    """Radio buttons for the views of a figure."""
    if len(views) < 2:
        return Html()
    buttons = []
    for index, view in enumerate(views):
        choice = element("input", type="radio", name=f"{name}-view", value=index, checked=index == 0)
        buttons.append(element("label", choice, view))
    return element(
        "div",
        *buttons,
        class_="views",
        role="radiogroup",
        aria_label=f"{title}: what is shown",
        data_of=f"{name}-figure",
    )


def _data(identity: str, data: Any) -> Html:
    """As JSON in which no ``<`` can end or open an element."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return element("script", Html(text), type="application/json", id=identity)


@lru_cache(maxsize=1)
def _plotly() -> Html:
    """Plotly's script, packed to a third: the page unpacks it. It is read as it lies in the package: Plotly's modules
    take a second to load."""
    script = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    return Html(base64.b64encode(gzip.compress(script, PACKING, mtime=0)).decode())


@cache
def _asset(name: str) -> Html:
    return Html(files("nas.report").joinpath("assets", name).read_text(encoding="utf-8"))
