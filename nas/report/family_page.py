"""The page of a family."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nas.report import parts
from nas.report.document import document, figure_block
from nas.report.family import Member
from nas.report.figures import lineage, scaling
from nas.report.figures.figure import Figure
from nas.report.network_table import network_table
from nas.text.html import Html, element
from nas.text.numbers import percent, rounded

FIGURES: dict[str, Figure] = {
    "accuracy": scaling.ACCURACY,
    "costs": scaling.COSTS,
    "dimensions": scaling.DIMENSIONS_OVER_COST,
    "lineage": lineage.FIGURE,
}
"""Figures of a family's page, in this order."""

TITLES = ("network", "image", "depth", "width", "resolution", "parameters", "MACs", "× base", "nominal ×", "top-1")
NOT_SHOWN = (
    "Accuracy of members that were not trained: a larger network is no better one before it was.",
    "Whether these coefficients are the best for this base: they are those of Tan & Le 2019 unless a file says "
    "otherwise.",
)


def family_page(folder: Path, members: Sequence[Member]) -> str:
    """The whole page as text."""
    blocks = [figure_block(name, figure, members) for name, figure in FIGURES.items()]
    trained = sorted({str(member.trained) for member in members if member.trained})
    warned = [f"Members were trained under different conditions: {'; '.join(trained)}."] if len(trained) > 1 else []
    body = [
        element("h1", f"The family {folder.resolve().name}"),
        element("p", f"{len(members)} members, costs hold at the image size of each", class_="soft"),
        parts.box("Before you compare", warned, "note"),
        _table(members),
        element("div", *blocks, class_="figures"),
        *network_table(members[0].architecture, members[0].name),
        parts.box("What this page does not show", NOT_SHOWN, "box"),
    ]
    return document(folder.resolve().name, body)


def member_rows(members: Sequence[Member]) -> list[tuple[str, ...]]:
    """Cells of the table, as TITLES has them."""
    return [
        (
            member.name,
            f"{member.image_size} px",
            f"{member.depth:.3g}",
            f"{member.width:.3g}",
            f"{member.resolution:.3g}",
            rounded(member.params),
            rounded(member.macs),
            f"{member.realised:.3g}",
            f"{member.nominal:.3g}",
            "not trained" if member.top1 is None else percent(member.top1),
        )
        for member in members
    ]


def _table(members: Sequence[Member]) -> Html:
    rows = [element("tr", *(element("td", cell) for cell in row)) for row in member_rows(members)]
    titles = element("tr", *(element("th", element("button", title, type="button"), scope="col") for title in TITLES))
    table = element("table", element("thead", titles), element("tbody", *rows), aria_label="members")
    return element("div", table, class_="scroll", tabindex="0", role="region", aria_label="members")
