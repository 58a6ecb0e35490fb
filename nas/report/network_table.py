"""A network as a table of its rows, with the share of the cost that each takes."""

from __future__ import annotations

from nas.report.trials import Row, network_rows
from nas.text.html import Html, element
from nas.text.numbers import percent, rounded
from search_spaces import Architecture
from search_spaces.errors import UserError

TITLES = ("row", "what it is", "width", "map", "MACs", "share", "parameters")


def network_table(architecture: Architecture | None, name: str = "The network") -> list[Html]:
    """Title and table; nothing without a network."""
    try:
        rows = network_rows(architecture) if architecture else ()
    except UserError:
        rows = ()
    if not rows or architecture is None:
        return []
    total = sum(row.macs for row in rows) or 1
    cells = [(r.name, r.words, r.width, f"{r.side}×{r.side}", *_costs(r, total)) for r in rows]
    lines = [element("tr", *(element("td", cell) for cell in line)) for line in cells]
    titles = element("tr", *(element("th", title, scope="col") for title in TITLES))
    table = element("table", element("thead", titles), element("tbody", *lines), class_="wraps", aria_label=name)
    return [
        element("h2", f"{name}, at {architecture.image_size} px"),
        element("div", table, class_="scroll"),
    ]


def _costs(row: Row, total: int) -> tuple[str, str, str]:
    return rounded(row.macs), percent(row.macs / total, 0), rounded(row.params)
