"""`nas report`: the page of one or more studies, or their tables in the terminal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from nas.cli import output
from nas.cli.parser import Parser, command
from nas.report.numbers import rounded, seconds_text
from nas.storage import layout
from search_spaces.errors import UserError

EXAMPLE = """
nas report studies/mine
nas report studies/* --text
"""


def parser() -> Parser:
    """Options of `nas report`."""
    p = command("report", "Write report.html of a study again, or print its trials.", EXAMPLE)
    p.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="study folder")
    p.add_argument("--text", action="store_true", help="print the table of trials instead of writing the page")
    p.add_argument("--json", action="store_true", help="print the trials as JSON instead of writing the page")
    return p


def run(options: argparse.Namespace) -> int:
    """Write the pages, or print the tables."""
    from nas.report.source import read

    studies = [read(folder) for folder in options.folders]  # refuse any wrong folder before writing one page
    for facts in studies:
        for problem in facts.problems:
            output.say(f"{facts.folder}: {problem}")
    if options.json:
        output.print_json([study_data(facts) for facts in studies])
        return 0
    for facts in studies:
        if options.text:
            print_study(facts)
        else:
            print(_write(facts.folder))
    return 0


def study_data(facts: Any) -> dict[str, Any]:
    """A study as plain data: name, state, base, reference, noise, every record."""
    return {
        "study": facts.name,
        "state": facts.state,
        "budgets": list(facts.budgets),
        "base": None if facts.base is None else facts.base["trial"],
        "reference": facts.reference,
        "noise": facts.noise,
        "problems": list(facts.problems),
        "records": [dict(record) for record in facts.records],
    }


def print_study(facts: Any) -> None:
    """Print what the page says, without the figures."""
    from nas.report.statements import base_lines, noise_verdict

    print(f"study {facts.name} ({facts.state})")
    rows = [_row(record, facts.base) for record in facts.records]
    titles = ("trial", "state", "top-1", "MACs", "parameters", "epochs", "time", "network", "")
    output.print_table(titles, rows, "rlrrrrrll")
    print()
    for line in (*base_lines(facts.base, facts.reference, facts.choice), noise_verdict(facts.noise)):
        print(line)


def _row(record: Any, base: Any) -> tuple[object, ...]:
    mark = "base" if base is not None and record["trial"] == base["trial"] else None
    again = f"trial {record['source']} again" if record.get("replicate") else None
    return (
        record["trial"],
        record["state"],
        output.percent(record.get("top1")),
        rounded(record.get("macs")),
        rounded(record.get("params")),
        record.get("epochs"),
        seconds_text(record.get("seconds") or 0.0),
        str(record.get("digest") or "–")[:11],
        mark or again or record.get("reason") or "",
    )


def _write(folder: Path) -> Path:
    from nas.report import write_report

    try:
        return write_report(folder)
    except OSError as error:
        raise UserError(f"{folder}: cannot write {layout.REPORT} there ({error.strerror})") from error
