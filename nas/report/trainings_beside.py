"""Trainings beside what a study hands over, on the same images: a pretrained network that is fine-tuned for as long is
the fairest of all baselines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nas.report.statements import comparison, fair_score, with_interval
from nas.report.training import TrainingRun, read_training
from nas.study import Study
from nas.text.html import Html, element
from nas.text.numbers import rounded
from nas.training.reference import Reference
from search_spaces.counting.intervals import wilson
from search_spaces.errors import UserError

TITLES = ("network", "begun from", "parameters", "MACs", "at", "validation", "test")
EQUAL = 1.25  # by this factor at most do equal costs differ


def read_beside(study: Study, folders: Iterable[Path | str]) -> tuple[TrainingRun, ...]:
    """The trainings in these folders. Raises UserError where one holds none, has not ended, or is of other images."""
    runs = tuple(read_training(Path(folder)) for folder in folders)
    digest = (study.definition.data or {}).get("digest")
    for run in runs:
        if run.summary is None:
            raise UserError(f"{run.folder}: this training has not ended; the same command of nas train goes on")
        other = run.definition["data"].get("digest")
        if digest is None or other != digest:
            theirs, ours = (_named(run.definition["data"]["name"], other), _named(study.definition.data_name, digest))
            raise UserError(f"{run.folder} was trained on {theirs}, {study.name} on {ours}: no scores to compare")
    return runs


def beside_titles(study: Study) -> tuple[str, ...]:
    """Titles of the table."""
    return (*TITLES, _unit(study))


def beside_rows(study: Study, runs: Sequence[TrainingRun]) -> list[tuple[str, ...]]:
    """Cells of the table: what the study hands over, with all that the study has cost, and each training."""
    return [_study_row(study), *(_row(run) for run in runs)]


def beside_lines(study: Study, runs: Sequence[TrainingRun]) -> list[str]:
    """Which is ahead, on images that chose nothing where both have read the test split, and whether at equal cost."""
    return [line for run in runs for line in (_verdict(study, run), _cost_line(study, run)) if line]


def beside_section(study: Study, runs: Sequence[TrainingRun]) -> Html:
    """Table and sentences; nothing without trainings."""
    if not runs:
        return Html()
    titles = element("tr", *(element("th", title, scope="col") for title in beside_titles(study)))
    rows = [element("tr", *(element("td", cell) for cell in row)) for row in beside_rows(study, runs)]
    name = "Beside it, on the same images"
    table = element("table", element("thead", titles), element("tbody", *rows), aria_label=name)
    frame = element("div", table, class_="scroll", tabindex="0", role="region", aria_label=name)
    sentences = [element("p", line) for line in beside_lines(study, runs)]
    return element("section", element("h2", name), frame, *sentences)


def _study_row(study: Study) -> tuple[str, ...]:
    base, final = study.base, study.final
    if base is None:
        return (f"{study.name}: no base yet", *("–" for _ in TITLES[1:]), f"{_study_hours(study):.3g}")
    network = base if final is None else final
    tested = final or study.test
    images = study.reference.images if study.reference else None
    return (
        f"{study.name}: base{'' if final is None else ' as trained in the end'}",
        "random weights",
        rounded(network.params),
        rounded(network.macs),
        f"{study.size_of(base) if final is None else final.image_size} px",
        with_interval(fair_score(base, study.choice) if final is None else final.validation, images),
        "–" if tested is None else with_interval(tested.top1, tested.images),
        f"{_study_hours(study):.3g}",
    )


def _row(run: TrainingRun) -> tuple[str, ...]:
    summary = run.summary or {}
    return (
        f"{run.name}: {run.definition['name']}{run.augmented}",
        run.begun_from,
        rounded(summary["params"]),
        rounded(summary["macs"]),
        f"{run.image_size} px",
        _score(summary.get("val")),
        _score(summary.get("test")),
        f"{_hours(run):.3g}",
    )


def _score(evaluation: Mapping[str, Any] | None) -> str:
    return with_interval(evaluation["top1"], evaluation["images"]) if evaluation else "–"


def _verdict(study: Study, run: TrainingRun) -> str | None:
    base, tested, summary = study.base, study.final or study.test, run.summary or {}
    if base is None:
        return None
    subject = "The base" if study.final is None else "The base as trained in the end"
    if tested is not None and (evaluation := summary.get("test")):
        score, split = tested.top1, "test"
    elif evaluation := summary.get("val"):
        score, split = fair_score(base, study.choice) if study.final is None else study.final.validation, "validation"
    else:
        return None
    top1, images = evaluation["top1"], evaluation["images"]
    name = f"{run.name} ({run.definition['name']}, begun from {run.begun_from}{run.augmented}) on {split}"
    return comparison(score, Reference(name, top1, *wilson(top1 * images, images), images), subject)


def _cost_line(study: Study, run: TrainingRun) -> str | None:
    ours, theirs = _study_hours(study), _hours(run)
    if not ours or not theirs or 1 / EQUAL <= theirs / ours <= EQUAL:
        return None
    times = f"{theirs / ours:.2g} times the {_unit(study)} of the study"
    return f"{run.name} had {times}: costs are not equal."


def _study_hours(study: Study) -> float:
    """Of all that was trained, the final training among it."""
    seconds = sum(record.seconds for record in study.records) + sum(final.seconds for final in study.finals.values())
    return _device_hours(seconds, study.definition.settings)


def _hours(run: TrainingRun) -> float:
    return _device_hours(float((run.summary or {})["seconds"]), run.definition["settings"])


def _device_hours(seconds: float, settings: Mapping[str, Any]) -> float:
    """Hours of all devices: of the cores on a CPU."""
    devices = settings.get("processes") or 1
    threads = (settings.get("threads") or 1) if settings.get("device") == "cpu" else 1
    return float(seconds * devices * threads / 3600)


def _unit(study: Study) -> str:
    return "core-hours" if study.definition.settings.get("device", "cpu") == "cpu" else "device-hours"


def _named(data: str, digest: object) -> str:
    return f"{data} {str(digest or '')[:11]}".strip()
