"""The page of a study: one HTML file that needs no network and opens anywhere."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from nas.report import parts
from nas.report.agreement import agreement_lines
from nas.report.figures import FIGURES
from nas.report.figures.figure import Drawing, Figure
from nas.report.statements import DEMONSTRATION, handed_over_lines, is_demonstration, latency_lines, noise_verdict
from nas.storage import layout
from nas.storage.files import write_atomic
from nas.study import Study, open_study
from nas.text.html import Html, element, joined


def write_report(folder: Path | str) -> Path:
    """Write ``report.html`` of a study folder and return its path. Raises UserError where the folder holds no study."""
    study = open_study(folder)
    target = study.folder / layout.REPORT
    write_atomic(target, page(study))
    return target


def page(study: Study) -> str:
    """The whole page as text."""
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", study.name),
        element("style", _file("page.css")),
    ]
    scripts = element("script", _plotly()), element("script", _file("page.js"))
    whole = element("html", element("head", *head), element("body", *_body(study), *scripts), lang="en")
    return f"<!doctype html>\n{whole}\n"


def _body(study: Study) -> list[Html]:
    note = [element("p", DEMONSTRATION, class_="note")] if is_demonstration(study) else []
    verdict = noise_verdict(study.noise, study.definition.scale)
    lines = (*handed_over_lines(study), *latency_lines(study)[-1:], verdict, *agreement_lines(study))
    sentences = [element("p", line) for line in lines]
    figures = [_figure(name, figure, study) for name, figure in FIGURES.items()]
    trials = [element("h2", "Trials"), parts.trials_table(study), parts.base_file(study), parts.definition(study)]
    table = [*parts.decisions_table(study), *trials]
    return [parts.header(study), *note, parts.cards(study), *sentences, *figures, *table]


def _figure(name: str, figure: Figure, study: Study) -> Html:
    """Title, place and data of a figure, and its captions; nothing where it has nothing to show."""
    shown = figure.compute(study)
    if shown is None:
        return Html()
    identity, title = f"{name}-data", figure.heading(shown) if figure.heading else figure.title
    place = element("div", class_="figure", data_figure=identity, role="img", aria_label=title)
    data = element("script", _json(figure.draw(shown)), type="application/json", id=identity)
    captions = [element("p", caption, class_="soft") for caption in figure.captions(shown)]
    return joined([element("h2", title), place, data, *captions])


def _json(drawing: Drawing) -> Html:
    """As JSON in which no ``<`` can end or open an element."""
    return Html(json.dumps(drawing, allow_nan=False).replace("<", "\\u003c"))


def _plotly() -> Html:
    from plotly.offline import get_plotlyjs

    return Html(get_plotlyjs())


def _file(name: str) -> Html:
    return Html(files("nas.report").joinpath(name).read_text(encoding="utf-8"))
