"""`nas report`: the page of one or more studies, or their tables in the terminal."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nas.cli import output
from nas.cli.parser import Parser, command
from nas.report.numbers import rounded, seconds_text
from nas.report.statements import base_lines, noise_verdict
from nas.study import Record, Study, open_study
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
    studies = [open_study(folder) for folder in options.folders]  # refuse any wrong folder before writing one page
    for study in studies:
        for problem in study.problems:
            output.say(f"{study.folder}: {problem}")
    if options.json:
        output.print_json([study_data(study) for study in studies])
        return 0
    for study in studies:
        if options.text:
            print_study(study)
        else:
            print(_write(study.folder))
    return 0


def study_data(study: Study) -> dict[str, Any]:
    """A study as plain data: name, state, base, reference, noise, every record."""
    return {
        "study": study.name,
        "state": study.state,
        "budgets": list(study.definition.budgets),
        "base": study.base.trial if study.base else None,
        "reference": asdict(study.reference) if study.reference else None,
        "noise": asdict(study.noise) if study.noise else None,
        "problems": list(study.problems),
        "records": [record.to_data() for record in study.records],
    }


def print_study(study: Study) -> None:
    """Print what the page says, without the figures."""
    print(f"study {study.name} ({study.state})")
    rows = [_row(record, study.base) for record in study.records]
    titles = ("trial", "state", "top-1", "MACs", "parameters", "epochs", "time", "network", "")
    output.print_table(titles, rows, "rlrrrrrll")
    print()
    for line in (*base_lines(study.base, study.reference, study.choice), noise_verdict(study.noise)):
        print(line)


def _row(record: Record, base: Record | None) -> tuple[object, ...]:
    mark = "base" if base is not None and record.trial == base.trial else None
    again = f"trial {record.source} again" if record.replicate else None
    return (
        record.trial,
        record.state,
        output.percent(record.top1),
        rounded(record.macs),
        rounded(record.params),
        record.epochs,
        seconds_text(record.seconds),
        (record.digest or "–")[:11],
        mark or again or record.reason or "",
    )


def _write(folder: Path) -> Path:
    from nas.report import write_report

    try:
        return write_report(folder)
    except OSError as error:
        raise UserError(f"{folder}: cannot write report.html there ({error.strerror})") from error
