"""The page of a study."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

from nas.report import parts
from nas.report.agreement import agreement_lines
from nas.report.document import document, figure_block
from nas.report.fairness import not_shown, warnings
from nas.report.figures import FIGURES
from nas.report.statements import (
    DEMONSTRATION,
    handed_over_lines,
    is_demonstration,
    latency_lines,
    noise_verdict,
    smaller_base_lines,
)
from nas.report.training import TrainingRun
from nas.report.trainings_beside import beside_section
from nas.report.trials import Trials, page_data
from nas.storage import layout
from nas.storage.files import write_atomic
from nas.study import Study, open_study
from nas.text.html import Html, element

FIRST = "accuracy"  # the figure that stands above the table of trials


def write_report(folder: Path | str, *, watched: bool = False) -> Path:
    """Write ``report.html`` of a study folder and return its path; one that is ``watched`` loads anew by itself. Raises
    UserError where the folder holds no study."""
    study = open_study(folder)
    target = study.folder / layout.REPORT
    text = page(study, watched=watched)
    write_atomic(target, text + _seal(text))
    return target


def is_written(study: Study) -> bool:
    """Whether the study's page is there as :func:`write_report` wrote it, since the log last changed."""
    path, log = study.folder / layout.REPORT, study.folder / layout.LOG
    try:
        text = path.read_text(encoding="utf-8")
        body = text[: -len(_seal(""))]
        return text == body + _seal(body) and path.stat().st_mtime_ns >= log.stat().st_mtime_ns
    except (OSError, ValueError):
        return False


def _seal(text: str) -> str:
    """A comment by which damage is noticed."""
    return f"<!-- {zlib.crc32(text.encode()):08x} -->\n"


def page(study: Study, *, beside: Sequence[TrainingRun] = (), watched: bool = False) -> str:
    """The whole page as text; ``beside`` are trainings on the same images that it shows beside the base."""
    trials = Trials(study)
    return document(study.name, _body(trials, beside), page_data(trials), watched=watched)


def _body(trials: Trials, beside: Sequence[TrainingRun]) -> list[Html]:
    study = trials.study
    note = [element("p", DEMONSTRATION, class_="note")] if is_demonstration(study) else []
    warned = warnings(study)
    verdict = noise_verdict(study.noise, study.definition.scale)
    lines = [*smaller_base_lines(study), *handed_over_lines(study), *latency_lines(study)[-1:], *agreement_lines(study)]
    sentences = [element("p", line) for line in [*lines, *([] if verdict in warned else [verdict])]]
    blocks = {name: figure_block(name, figure, study) for name, figure in FIGURES.items()}
    first = blocks.pop(FIRST, Html())
    return [
        parts.header(study),
        *note,
        parts.cards(study),
        *sentences,
        parts.box("Before you compare", warned, "note"),
        parts.asked(trials),
        beside_section(study, beside),
        first,
        element("h2", "Trials"),
        parts.trials_table(trials),
        element("div", *blocks.values(), class_="figures"),
        *parts.decisions_table(study),
        parts.box("What this page does not show", not_shown(study), "box"),
        *parts.base_files(study),
        parts.definition(study),
    ]
