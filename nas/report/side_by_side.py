"""Several studies side by side on one page."""

from __future__ import annotations

from collections.abc import Sequence

from nas.report import parts
from nas.report.document import document, figure_block
from nas.report.fairness import conditions, differences
from nas.report.figures.side_by_side import FIGURES
from nas.report.statements import fair_score, with_interval
from nas.study import Study
from nas.text.html import Html, element
from nas.text.numbers import rounded, seconds_text
from nas.text.scores import TOP1

TITLES = (
    "study",
    "state",
    "space",
    "budget",
    "data",
    "recipe",
    "sampler",
    "trained",
    "time",
    "base",
    "at",
    "base MACs",
    "at",
    "test",
)
NOT_SHOWN = (
    "Whether one way of searching is better than another: that takes several seeds of each, on equal data and budgets.",
    "The trials: each study has its own page.",
)


def side_by_side(studies: Sequence[Study]) -> str:
    """The whole page as text."""
    title = f"{len(studies)} studies side by side"
    blocks = [figure_block(name, figure, studies) for name, figure in FIGURES.items()]
    body = [
        element("h1", title),
        element("p", ", ".join(study.name for study in studies), class_="soft"),
        parts.box("Before you compare", warnings(studies), "note"),
        _table(studies),
        element("div", *blocks, class_="figures"),
        parts.box("What this page does not show", NOT_SHOWN, "box"),
    ]
    return document(title, body)


def warnings(studies: Sequence[Study]) -> list[str]:
    """What the studies differ in, and which of them have a base of one seed."""
    single = [study.name for study in studies if study.base and not (study.choice and study.choice.replicates)]
    seeds = [f"Bases of one random seed, chosen for their score: {', '.join(single)}."] if single else []
    return [*differences(studies), *seeds]


def study_rows(studies: Sequence[Study]) -> list[tuple[str, ...]]:
    """Cells of the table, as TITLES has them."""
    return [_row(study) for study in studies]


def _row(study: Study) -> tuple[str, ...]:
    definition, base = study.definition, study.base
    test = study.final or study.test
    return (
        study.name,
        study.state,
        definition.name,
        " and ".join(definition.budgets) or "–",
        definition.data_name,
        conditions(study)["recipe"],
        str(study.question.sampler),
        str(study.done),
        seconds_text(sum(record.seconds for record in study.records)),
        _score(study) if base else "–",
        f"{study.size_of(base)} px" if base else "–",
        rounded(base.macs) if base else "–",
        f"{study.deployment_of(base)} px" if base else "–",
        "–" if test is None else with_interval(test.top1, test.images),
    )


def _score(study: Study) -> str:
    assert study.base is not None
    score, scale = fair_score(study.base, study.choice), study.definition.scale
    images = study.reference.images if study.reference and scale is TOP1 else None
    return with_interval(score, images) if scale is TOP1 else scale.text(score)


def _table(studies: Sequence[Study]) -> Html:
    rows = [element("tr", *(element("td", cell) for cell in row)) for row in study_rows(studies)]
    titles = element("tr", *(element("th", element("button", title, type="button"), scope="col") for title in TITLES))
    table = element("table", element("thead", titles), element("tbody", *rows), aria_label="studies")
    return element("div", table, class_="scroll", tabindex="0", role="region", aria_label="studies")
