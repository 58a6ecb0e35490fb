"""Parts of the page: header, cards, table of trials, base file, definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nas.report import tables
from nas.report.agreement import effect_rows
from nas.report.facts import head_facts, reasons
from nas.report.statements import (
    compared_line,
    fair_score,
    latency_note,
    read_note,
    score_interval,
    score_note,
    sizes_line,
)
from nas.report.trials import Trials
from nas.report.words import brief
from nas.study import Record, Study
from nas.study.records import STATES
from nas.text.html import Html, element, joined
from nas.text.numbers import interval, percent, rounded, seconds_text
from nas.text.scores import Scale


def _unless_zero(text: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: text(value) if value else ""


@dataclass(frozen=True)
class Column:
    """A field of the record, how it is written, and its class; ``r`` is for numbers, on the right."""

    field: str
    text: Callable[[Any], str] = str
    class_: str | None = None


MAX_ROWS = 250  # of the table of trials that are shown at first
DESCRIBED = "beside the base"
BEFORE = {
    "trial": Column("trial", class_="r"),
    "state": Column("state", class_="state"),
}
AFTER = {
    DESCRIBED: Column("short", class_="words"),
    "MACs": Column("macs", rounded, "r"),
    "parameters": Column("params", rounded, "r"),
    "latency": Column("latency_ms", lambda value: f"{value:.2f} ms", "r"),
    "epochs": Column("epochs", _unless_zero(str), "r"),
    "time": Column("seconds", _unless_zero(seconds_text), "r"),
    "repeat": Column("replicate", _unless_zero(str), "r"),
    "network": Column("digest", lambda digest: element("code", digest[:11])),
    "reason": Column("reason", class_="reason"),
}


def columns(scale: Scale) -> dict[str, Column]:
    """The columns of the table of trials, by their titles."""
    return {**BEFORE, scale.name: Column("top1", scale.text, "r"), **AFTER}


def header(study: Study) -> Html:
    """The question of the study, and where and how it was asked."""
    definition = study.definition
    limits = f" within {' and '.join(definition.budgets)}" if definition.budgets else ""
    where = f"{'on' if definition.evaluator is None else 'by'} {definition.data_name}"
    problems = [element("p", f"Damaged log: {problem}", class_="note") for problem in study.problems]
    return joined(
        [
            element("h1", f"Which network of {definition.name} is best {where}{limits}?"),
            element("p", f"study {study.name}, {study.state}; {sizes_line(study)}", class_="soft"),
            *problems,
        ]
    )


def cards(study: Study) -> Html:
    """Summary: the base, its cost, the reference, the trials, the time."""
    counts = tables.counts(study.records)
    others = ", ".join(f"{counts[state]} {state}" for state in STATES[1:] if counts[state])
    time = sum(record.seconds for record in study.records)
    return tiles(
        *_base_cards(study),
        *_test_card(study),
        card("trained", str(study.done), others or "all complete"),
        card("training time", seconds_text(time), "summed over trainings"),
    )


def tiles(*cards: Html) -> Html:
    """Cards in whole rows of four, on a telephone of two: the first is as wide as that takes."""
    widths = {columns: 1 + -len(cards) % columns for columns in (4, 2)}
    return element("div", *cards, class_="cards", style=f"--wide: {widths[4]}; --narrow: {widths[2]}")


def trials_table(trials: Trials) -> Html:
    """Every trial as a row of a table that sorts and filters, the best first."""
    study = trials.study
    present = [state for state in STATES if any(record.state == state for record in study.records)]
    choices = [element("option", "every state", value=""), *(element("option", state) for state in present)]
    only = element("label", element("input", id="only", type="checkbox"), "only these")
    clear = element("button", "clear", type="button", id="clear")
    example = f"kernel=5 {study.definition.scale.name}>{_example(study)}"
    controls = element(
        "div",
        element("input", id="words", type="search", placeholder=f"filter, such as {example}", aria_label="filter"),
        element("select", *choices, id="state", aria_label="state"),
        element("span", id="shown", class_="soft", role="status"),
        element("span", element("span"), only, clear, id="picked", class_="soft", hidden=True),
        class_="controls",
    )
    shown = _shown(columns(study.definition.scale), study.records)
    titles = [
        element("th", element("button", title, type="button"), class_=column.class_, scope="col")
        for title, column in shown.items()
    ]
    head = element("thead", element("tr", *titles))
    rows = [_row(record, shown.values(), trials) for record in trials.best_first]
    table = element("table", head, element("tbody", *rows[:MAX_ROWS]), id="trials", aria_label="trials")
    frame = element("div", table, class_="scroll tall", tabindex="0", role="region", aria_label="trials")
    return joined([controls, frame, _more(len(rows)), _further(head, rows[MAX_ROWS:])])


def _further(head: Html, rows: list[Html]) -> Html:
    """The rows beyond the first. A browser that runs scripts takes what is in here as text, of which the page makes
    rows when they are asked for; one that runs none shows them as a table of their own."""
    if not rows:
        return Html()
    table = element("table", head, element("tbody", *rows), aria_label="further trials")
    return element("noscript", element("div", table, class_="scroll"), id="trials-further")


def _more(rows: int) -> Html:
    """Says that not all rows are shown, and shows them."""
    button = element("button", "show all", type="button")
    sign = element("span", f"The first {MAX_ROWS} of {rows}. ")
    return element("p", sign, button, id="more", class_="soft", data_limit=MAX_ROWS, hidden=rows <= MAX_ROWS)


def _example(study: Study) -> str:
    """A score that some trials pass, for the hint of the filter."""
    scores = sorted(record.top1 for record in study.records if record.top1 is not None)
    return f"{scores[len(scores) // 2]:.2g}" if scores else "0.8"


def decisions_table(study: Study) -> list[Html]:
    """Which decisions pay, with how sure that is; nothing where too little was trained."""
    rows = [element("tr", *(element("td", text) for text in row)) for row in effect_rows(study)]
    if not rows:
        return []
    titles = element("tr", *(element("th", title, scope="col") for title in ("decision", "what pays", "gain, 95 %")))
    name = "which decisions pay"
    table = element("table", element("thead", titles), element("tbody", *rows), class_="wraps", aria_label=name)
    return [
        element(
            "details", element("summary", "Which decisions pay, as a table"), element("div", table, class_="scroll")
        )
    ]


def asked(trials: Trials) -> Html:
    """What was asked and how it went: the facts that a reader needs before comparing with anything else."""
    study = trials.study
    facts = head_facts(study, trials.space)
    for state in ("failed", "infeasible"):
        if why := reasons(study, state):
            facts[f"why {state}"] = "; ".join(why)
    terms = [element(tag, text) for pair in facts.items() for tag, text in zip(("dt", "dd"), pair, strict=True)]
    return element("section", element("h2", "What was asked, and at what price"), element("dl", *terms))


def box(title: str, sentences: Iterable[str], class_: str) -> Html:
    """Sentences in a box with a title; nothing without sentences."""
    items = [element("li", sentence) for sentence in sentences]
    if not items:
        return Html()
    return element("section", element("h2", title), element("ul", *items), class_=class_)


def base_files(study: Study) -> list[Html]:
    """Each base as the file that ``nas scale`` and ``nas cost`` read."""
    paths = [study.folder / tier.base_file for tier in study.question.tiers]
    return [
        element(
            "details",
            element("summary", f"The base as a file ({path.name})"),
            element("pre", path.read_text(encoding="utf-8", errors="replace")),
        )
        for path in paths
        if path.is_file()
    ]


def definition(study: Study) -> Html:
    """All that defines the study, in small print; the space has its own file, and its name is in the title."""
    data = {name: value for name, value in study.definition.to_data().items() if name != "space"}
    terms = [element(tag, text) for pair in _flat(data) for tag, text in zip(("dt", "dd"), pair, strict=True)]
    return element("details", element("summary", "All that defines the study"), element("dl", *terms))


def _base_cards(study: Study) -> list[Html]:
    base, reference = study.base, study.reference
    if base is None or base.top1 is None:
        return [card("base", "–", "no training was completed")]
    scale = study.definition.scale
    score, note = fair_score(base, study.choice), score_note(base, study.choice, scale)
    if reference is not None:
        note = f"{score_interval(score, reference.images)}; {note}"
    name, searched = f"{scale.name}{scale.where}", f"at {study.size_of(base)} px; {note}"
    if study.final is None:
        first = card(f"base, {name}", scale.text(score), searched, "card base")
    else:
        trained = f"at {study.final.image_size} px, {study.final.epochs} epochs"
        note = f"{trained}; in the search {scale.text(score)} {searched}"
        first = card(f"base as trained in the end, {name}", scale.text(study.final.validation), note, "card base")
    shown = [
        first,
        card("base, MACs", rounded(base.macs), f"{base.macs:,} at {study.deployment_of(base)} px"),
        card("base, parameters", rounded(base.params), f"{base.params:,}"),
    ]
    if (latency := study.base_latency) is not None:
        shown.append(card("base, latency", f"{latency.latency_ms:.2f} ms", latency_note(latency)))
    if reference is not None:
        span = f"{interval(reference.low, reference.high)}. {compared_line(study, reference)}"
        shown.append(card(reference.name, percent(reference.top1), span))
    return shown


def _test_card(study: Study) -> list[Html]:
    """The test score of what is handed over, with the size at which it holds."""
    score = study.final or study.test
    if score is None:
        return []
    side = f"at {score.image_size} px; " if score.image_size else ""
    note = f"{side}{score_interval(score.top1, score.images)}; {score.images} images, {read_note(study.test_reads)}"
    name = "base, top-1 on test" if study.final is None else "base as trained in the end, top-1 on test"
    return [card(name, percent(score.top1), note)]


def card(name: str, value: str, note: str, class_: str = "card") -> Html:
    lines = element("div", name, class_="name"), element("b", value), element("div", note, class_="more")
    return element("div", *lines, class_=class_)


def _shown(columns: Mapping[str, Column], records: Iterable[Record]) -> dict[str, Column]:
    """A latency is shown where one was measured."""
    measured = any(record.latency_ms is not None for record in records)
    return {title: column for title, column in columns.items() if measured or column.field != "latency_ms"}


def _row(record: Record, columns: Iterable[Column], trials: Trials) -> Html:
    is_base = record == trials.study.base
    written = {"short": brief(trials.by_number[record.trial].short)}
    if is_base:
        written["state"] = f"{record.state} (base)"
    cells = [_cell(column, written.get(column.field) or getattr(record, column.field, "")) for column in columns]
    return element(
        "tr",
        *cells,
        class_="base" if is_base else None,
        data_state=record.state,
        data_trial=record.trial,
        tabindex="-1",
    )


def _cell(column: Column, value: Any) -> Html:
    """What the column shows; a number is sorted by its whole value."""
    number = ("" if value is None else value) if column.class_ == "r" else None
    return element("td", "" if value is None else column.text(value), class_=column.class_, data_v=number)


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Names and values of nested data; the name of an inner one begins with that of the outer."""
    for key, item in value.items():
        if isinstance(item, Mapping):
            yield from _flat(item, f"{prefix}{key} ")
        elif isinstance(item, list | tuple):
            yield f"{prefix}{key}", ", ".join(map(str, item))
        elif item is not None:
            yield f"{prefix}{key}", str(item)
