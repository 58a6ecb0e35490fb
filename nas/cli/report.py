"""``nas report``: the page of one or more studies, or their tables in the terminal."""

from __future__ import annotations

import argparse

from nas.cli import output
from nas.cli.exits import DONE
from nas.cli.parser import Parser, command
from nas.report.agreement import agreement_lines, effect_rows
from nas.report.statements import base_lines, handed_over_lines, latency_lines, noise_verdict, sizes_line
from nas.storage.layout import REPORT
from nas.study import Record, Study, open_study
from nas.text.numbers import rounded, seconds_text
from nas.text.scores import Scale
from search_spaces.errors import UserError

EXAMPLE = """
nas report studies/mine
nas report studies/* --text
"""


def parser() -> Parser:
    """Options of ``nas report``."""
    from nas.report.figures import FIGURES

    figures = ", ".join(figure.title for figure in FIGURES.values())
    summary = f"Write report.html of a study again, or print its trials. Figures of the page: {figures}."
    p = command("report", summary, EXAMPLE)
    p.add_argument("folders", nargs="+", metavar="DIR", help="study folder")
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
        output.print_json([study.to_data() for study in studies])
    elif options.text:
        for study in studies:
            print_study(study)
            _print_effects(study)
    else:
        for study in studies:
            _write_page(study)
    return DONE


def print_study(study: Study) -> None:
    """Print what the page says, without the figures."""
    print(f"study {study.name} ({study.state})")
    scale = study.definition.scale
    rows = [_row(record, scale, record == study.base) for record in study.records]
    titles = ("trial", "state", scale.name, "MACs", "parameters", "epochs", "time", "network", "")
    output.print_table(titles, rows, "rlrrrrrll")
    print()
    for line in (sizes_line(study), *base_lines(study), *handed_over_lines(study), *latency_lines(study)):
        print(line)
    print("\n".join([noise_verdict(study.noise, scale), *agreement_lines(study)]))


def _print_effects(study: Study) -> None:
    rows = effect_rows(study)
    if rows:
        print("\nWhich decisions pay, all else equal and whatever it costs")
        output.print_table(("decision", "what pays", "gain, 95 %"), rows, "lll")


def _row(record: Record, scale: Scale, is_base: bool) -> tuple[object, ...]:
    again = f"trial {record.source} again" if record.replicate else None
    return (
        record.trial,
        record.state,
        scale.text(record.top1),
        rounded(record.macs),
        rounded(record.params),
        record.epochs,
        seconds_text(record.seconds),
        (record.digest or "–")[:11],
        "base" if is_base else again or record.reason or "",
    )


def _write_page(study: Study) -> None:
    from nas.report.page import write_report

    try:
        print(write_report(study.folder))
    except OSError as error:
        raise UserError(f"{study.folder}: cannot write {REPORT} there ({error.strerror})") from error
