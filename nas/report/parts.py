"""Parts of the page as HTML: header, cards, captions, table of trials, definition."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from nas.report import tables
from nas.report.numbers import rounded, seconds_text
from nas.report.source import METRICS, Facts, data_name
from nas.report.statements import comparison, fair_score, points, score_note, with_interval
from nas.storage import layout

if TYPE_CHECKING:
    from nas.report.figures.accuracy import Data

STATES = ("complete", "pruned", "reused", "infeasible", "failed", "running")
HEADERS = ("trial", "state", "top-1", "MACs", "parameters", "epochs", "time", "repeat", "network", "reason")
LEFT = ("state", "network", "reason")


def header(facts: Facts) -> str:
    """The question of the study, and where and how it was asked."""
    data = data_name(facts.definition)
    question = f"Which network of {facts.name_of_space} is best on {data}"
    question += f" within {' and '.join(facts.budgets)}?" if facts.budgets else "?"
    problems = "".join(f'<p class="note">Damaged log: {escape(each)}</p>' for each in facts.problems)
    title = f'<h1>{escape(question)}</h1><p class="soft">study {escape(facts.name)}, {escape(facts.state)}</p>'
    return title + problems


def cards(facts: Facts) -> str:
    """Summary: the base, its cost, the reference, the trials, the time."""
    frame = tables.trials(facts.records)
    counts = tables.counts(frame)
    trained = counts.get("complete", 0) + counts.get("pruned", 0)
    others = ", ".join(f"{counts[state]} {state}" for state in STATES[1:] if counts.get(state))
    shown = [
        *_base_cards(facts),
        *_test_card(facts),
        _card("trained", str(trained), others or "all complete"),
        _card("training time", seconds_text(float(frame["seconds"].sum())), "summed over trainings"),
    ]
    return f'<div class="cards">{"".join(shown)}</div>'


def captions(facts: Facts, shown: Data) -> str:
    """What the figure cannot show: what a tick and a dotted line mean, and what lies outside."""
    lines = ["The front is computed from complete trainings only."]
    if shown.infeasible:
        lines.append("Ticks on the axis are proposals over the budget, by their cost; they were never trained.")
    size = f"at {facts.definition['image_size']} px and {facts.definition['classes']} classes"
    if shown.known:
        lines.append(f"Dotted vertical lines are known networks by cost {size}; they were not trained here.")
    if shown.beyond:
        names = ", ".join(f"{known.name} ({rounded(known.cost)})" for known in shown.beyond)
        lines.append(f"Outside the figure, by {METRICS[shown.metric]} {size}: {names}.")
    return "".join(f'<p class="soft">{escape(line)}</p>' for line in lines)


def table(facts: Facts) -> str:
    """Every trial as a row of a table that sorts and filters."""
    titles = "".join(f'<th{_side(title)}><button type="button">{escape(title)}</button></th>' for title in HEADERS)
    present = [state for state in STATES if any(record["state"] == state for record in facts.records)]
    choices = "".join(f"<option>{state}</option>" for state in present)
    rows = "".join(_row(record, _is_base(record, facts)) for record in facts.records)
    return (
        '<div class="controls"><input id="words" type="search" placeholder="filter" aria-label="filter">'
        f'<select id="state" aria-label="state"><option value="">every state</option>{choices}</select>'
        '<span class="soft" id="shown"></span></div>'
        f'<div class="scroll"><table id="trials"><thead><tr>{titles}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def base_file(facts: Facts) -> str:
    """The base as the file that `nas scale` and `nas cost` read."""
    path = facts.folder / layout.BASE
    if not path.is_file():
        return ""
    text = escape(path.read_text(encoding="utf-8"))
    return f"<details><summary>The base as a file ({layout.BASE})</summary><pre>{text}</pre></details>"


def definition(facts: Facts) -> str:
    """All that defines the study, in small print."""
    pairs = "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in _flat(facts.definition))
    return f"<details open><summary>How the study was made</summary><dl>{pairs}</dl></details>"


def _base_cards(facts: Facts) -> list[str]:
    base, reference = facts.base, facts.reference
    if base is None or base.get("top1") is None:
        return [_card("base", "–", "no training was completed")]
    score, more = fair_score(base, facts.choice), score_note(base, facts.choice)
    if reference is not None:
        interval = with_interval(score, int(reference["images"])).partition("(")[2].rstrip(")")
        more = f"{interval}; {more}"
    shown = [_card("base, top-1 on validation", points(score), more, "base")]
    shown.append(_card("base, MACs", rounded(base["macs"]), f"{base['macs']:,}"))
    shown.append(_card("base, parameters", rounded(base["params"]), f"{base['params']:,}"))
    if reference is not None:
        span = f"{100 * reference['low']:.1f} to {points(reference['high'])}. {comparison(score, reference)}"
        shown.append(_card(str(reference["name"]), points(reference["top1"]), span))
    return shown


def _test_card(facts: Facts) -> list[str]:
    if facts.test is None:
        return []
    interval = with_interval(facts.test["top1"], facts.test["images"]).partition("(")[2].rstrip(")")
    more = f"{interval}; {facts.test['images']} images, read once for this base"
    return [_card("base, top-1 on test", points(facts.test["top1"]), more)]


def _card(name: str, value: str, more: str, kind: str = "") -> str:
    return (
        f'<div class="card {kind}"><div class="name">{escape(name)}</div><b>{escape(value)}</b>'
        f'<div class="more">{escape(more)}</div></div>'
    )


def _side(title: str) -> str:
    return "" if title in LEFT else ' class="r"'


def _is_base(record: Mapping[str, Any], facts: Facts) -> bool:
    return facts.base is not None and bool(record["trial"] == facts.base["trial"])


def _row(record: Mapping[str, Any], base: bool) -> str:
    top1, seconds = record.get("top1"), record.get("seconds")
    cells = [
        _cell(record["trial"], str(record["trial"])),
        f"<td>{escape(str(record['state']))}{' (base)' if base else ''}</td>",
        _cell(top1, "" if top1 is None else points(top1)),
        _cell(record.get("macs"), rounded(record.get("macs"))),
        _cell(record.get("params"), rounded(record.get("params"))),
        _cell(_epochs(record), str(_epochs(record) or "")),
        _cell(seconds, seconds_text(seconds) if seconds else ""),
        _cell(record.get("replicate") or 0, str(record.get("replicate") or "")),
        f"<td><code>{escape(str(record.get('digest') or '')[:11])}</code></td>",
        f'<td class="reason">{escape(str(record.get("reason") or ""))}</td>',
    ]
    kind = ' class="base"' if base else ""
    return f'<tr{kind} data-state="{escape(str(record["state"]))}">{"".join(cells)}</tr>'


def _epochs(record: Mapping[str, Any]) -> int:
    return len(record.get("top1_by_epoch") or ())


def _cell(value: object, text: str) -> str:
    return f'<td class="r" data-v="{"" if value is None else value}">{escape(text)}</td>'


def _flat(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, item in value.items():
        if key == "space" and isinstance(item, Mapping):
            continue  # the space has its own file; its name is in the title
        if isinstance(item, Mapping):
            pairs += _flat(item, f"{prefix}{key} ")
        elif isinstance(item, list | tuple):
            pairs.append((f"{prefix}{key}", ", ".join(map(str, item))))
        elif item is not None:
            pairs.append((f"{prefix}{key}", str(item)))
    return pairs
