"""Parts of the page: header, cards, table of trials, base file, definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nas.report import tables
from nas.report.html import Html, element, joined
from nas.report.numbers import interval, percent, rounded, seconds_text
from nas.report.statements import comparison, fair_score, score_interval, score_note
from nas.storage import layout
from nas.study import Record, Study
from nas.study.records import STATES

COLUMNS = {  # title: whether it holds words, on the left
    **{"trial": False, "state": True, "top-1": False, "MACs": False, "parameters": False, "epochs": False},
    **{"time": False, "repeat": False, "network": True, "reason": True},
}


def header(study: Study) -> Html:
    """The question of the study, and where and how it was asked."""
    question, limits = study.definition, " and ".join(study.definition.budgets)
    title = f"Which network of {question.name} is best on {question.data_name}" + (
        f" within {limits}?" if limits else "?"
    )
    problems = [element("p", f"Damaged log: {problem}", class_="note") for problem in study.problems]
    name = element("p", f"study {study.name}, {study.state}", class_="soft")
    return joined([element("h1", title), name, *problems])


def cards(study: Study) -> Html:
    """Summary: the base, its cost, the reference, the trials, the time."""
    counts = tables.counts(study.records)
    others = ", ".join(f"{counts[state]} {state}" for state in STATES[1:] if counts[state])
    time = sum(record.seconds for record in study.records)
    shown = [
        *_base_cards(study),
        *_test_card(study),
        _card("trained", str(study.done), others or "all complete"),
        _card("training time", seconds_text(time), "summed over trainings"),
    ]
    return element("div", *shown, class_="cards")


def trials_table(study: Study) -> Html:
    """Every trial as a row of a table that sorts and filters."""
    titles = [
        element("th", element("button", title, type="button"), class_=None if words else "r")
        for title, words in COLUMNS.items()
    ]
    present = [state for state in STATES if any(record.state == state for record in study.records)]
    choices = [element("option", "every state", value=""), *(element("option", state) for state in present)]
    controls = element(
        "div",
        element("input", id="words", type="search", placeholder="filter", aria_label="filter"),
        element("select", *choices, id="state", aria_label="state"),
        element("span", id="shown", class_="soft"),
        class_="controls",
    )
    base = study.base.trial if study.base else None
    rows = [_row(record, record.trial == base) for record in study.records]
    table = element("table", element("thead", element("tr", *titles)), element("tbody", *rows), id="trials")
    return joined([controls, element("div", table, class_="scroll")])


def base_file(study: Study) -> Html:
    """The base as the file that `nas scale` and `nas cost` read."""
    path = study.folder / layout.BASE
    if not path.is_file():
        return Html()
    text = element("pre", path.read_text(encoding="utf-8"))
    return element("details", element("summary", f"The base as a file ({layout.BASE})"), text)


def definition(study: Study) -> Html:
    """All that defines the study, in small print; the space has its own file, and its name is in the title."""
    data = {name: value for name, value in study.definition.to_data().items() if name != "space"}
    pairs = [element("dt", name) + element("dd", value) for name, value in _flat(data)]
    list_ = element("dl", *map(Html, pairs))
    return element("details", element("summary", "How the study was made"), list_, open=True)


def _base_cards(study: Study) -> list[Html]:
    base, reference = study.base, study.reference
    if base is None or base.top1 is None:
        return [_card("base", "–", "no training was completed")]
    score, note = fair_score(base, study.choice), score_note(base, study.choice)
    if reference is not None:
        note = f"{score_interval(score, reference.images)}; {note}"
    shown = [
        _card("base, top-1 on validation", percent(score), note, "base"),
        _card("base, MACs", rounded(base.macs), f"{base.macs:,}"),
        _card("base, parameters", rounded(base.params), f"{base.params:,}"),
    ]
    if reference is not None:
        span = f"{interval(reference.low, reference.high)}. {comparison(score, reference)}"
        shown.append(_card(reference.name, percent(reference.top1), span))
    return shown


def _test_card(study: Study) -> list[Html]:
    test = study.test
    if test is None:
        return []
    note = f"{score_interval(test.top1, test.images)}; {test.images} images, read once for this base"
    return [_card("base, top-1 on test", percent(test.top1), note)]


def _card(name: str, value: str, note: str, kind: str = "") -> Html:
    lines = element("div", name, class_="name"), element("b", value), element("div", note, class_="more")
    return element("div", *lines, class_=f"card {kind}".rstrip())


def _row(record: Record, base: bool) -> Html:
    cells = [
        _number(record.trial, str(record.trial)),
        element("td", f"{record.state}{' (base)' if base else ''}"),
        _number(record.top1, "" if record.top1 is None else percent(record.top1)),
        _number(record.macs, rounded(record.macs)),
        _number(record.params, rounded(record.params)),
        _number(record.epochs, str(record.epochs or "")),
        _number(record.seconds, seconds_text(record.seconds) if record.seconds else ""),
        _number(record.replicate, str(record.replicate or "")),
        element("td", element("code", (record.digest or "")[:11])),
        element("td", record.reason or "", class_="reason"),
    ]
    return element("tr", *cells, class_="base" if base else None, data_state=record.state)


def _number(value: float | None, text: str) -> Html:
    return element("td", text, class_="r", data_v="" if value is None else value)


def _flat(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, item in value.items():
        if isinstance(item, Mapping):
            pairs += _flat(item, f"{prefix}{key} ")
        elif isinstance(item, list | tuple):
            pairs.append((f"{prefix}{key}", ", ".join(map(str, item))))
        elif item is not None:
            pairs.append((f"{prefix}{key}", str(item)))
    return pairs
