"""The page of a study: one HTML file that needs no network and opens anywhere."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from nas.report import parts
from nas.report.script import JS
from nas.report.source import Facts, read
from nas.report.statements import DEMONSTRATION, noise_verdict
from nas.report.style import CSS
from nas.storage import layout
from nas.storage.files import write_atomic

if TYPE_CHECKING:
    import plotly.graph_objects as go


def write_report(folder: Path | str) -> Path:
    """Write `report.html` of a study folder and return its path.

    The file is replaced in one step, so that a reader never sees half of it.

    Raises:
        UserError: the folder holds no study.
    """
    facts = read(Path(folder))
    target = facts.folder / layout.REPORT
    write_atomic(target, page(facts))
    return target


def page(facts: Facts) -> str:
    """The whole page as text."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(facts.name)}</title><style>{CSS}</style></head><body>",
            *_body(facts),
            f"<script>{_plotly()}</script><script>{JS}</script></body></html>\n",
        ]
    )


def _body(facts: Facts) -> list[str]:
    from nas.report.figures import accuracy, curves

    shown, lines = accuracy.data(facts), curves.data(facts)
    body = [
        parts.header(facts),
        _note(facts),
        parts.cards(facts),
        f"<p>{escape(noise_verdict(facts.noise))}</p>",
    ]
    body += [
        "<h2>Accuracy against cost</h2>",
        _figure("accuracy", accuracy.draw(shown)),
        parts.captions(facts, shown),
    ]
    if lines:
        body += ["<h2>Learning curves</h2>", _figure("curves", curves.draw(lines))]
    return [*body, "<h2>Trials</h2>", parts.table(facts), parts.base_file(facts), parts.definition(facts)]


def _note(facts: Facts) -> str:
    return f'<p class="note">{escape(DEMONSTRATION)}</p>' if facts.demonstration else ""


def _figure(name: str, figure: go.Figure) -> str:
    # "</" inside the data would end the script element
    data = figure.to_json().replace("</", "<\\/")
    return (
        f'<div class="figure" data-figure="{name}-data" role="img" aria-label="{name}"></div>'
        f'<script type="application/json" id="{name}-data">{data}</script>'
    )


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())
