"""The terminal's twin of the pages: the same facts and tables, and a small plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nas.cli import output
from nas.report import tables
from nas.report.agreement import agreement_lines, effect_rows
from nas.report.facts import head_facts
from nas.report.fairness import not_shown, warnings
from nas.report.pareto_front import pareto_front
from nas.report.statements import base_lines, handed_over_lines, latency_lines, noise_verdict, sizes_line
from nas.report.trainings_beside import beside_lines, beside_rows, beside_titles
from nas.report.trials import Trials, network_rows
from nas.report.words import brief
from nas.study import Record, Study
from nas.text.numbers import percent, rounded, seconds_text
from nas.text.plot import Marks, scatter
from nas.text.scores import Scale
from nas.text.visible import one_line
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.report.family import Member
    from nas.report.training import TrainingRun


def print_study(study: Study) -> None:
    """What ``nas studies show`` prints: the trials in the order in which they were made, and what came of them."""
    _line(f"study {study.name} ({study.state})")
    _print_trials(study, study.records)
    print()
    _lines([sizes_line(study), *base_lines(study), *handed_over_lines(study), *latency_lines(study)])
    _lines([noise_verdict(study.noise, study.definition.scale), *agreement_lines(study)])


def print_report(study: Study, beside: Sequence[TrainingRun] = ()) -> None:
    """What the page says: facts, warnings, trainings ``beside`` the base, a plot, the trials with the best first,
    effects, and what is not shown."""
    trials = Trials(study)
    _line(f"study {study.name} ({study.state})")
    output.print_pairs([(name, one_line(text)) for name, text in head_facts(study, trials.space).items()])
    print()
    _lines([sizes_line(study), *base_lines(study), *handed_over_lines(study), *latency_lines(study)])
    _lines(agreement_lines(study))
    warned = warnings(study)
    _lines([f"! {line}" for line in warned] or [noise_verdict(study.noise, study.definition.scale)])
    _print_beside(study, beside)
    if plot := _plot(study):
        print()
        _lines(plot)
    print()
    _print_trials(study, trials.best_first)
    _print_effects(study)
    print("\nNot shown here")
    _lines([f"- {line}" for line in not_shown(study)])


def _print_beside(study: Study, beside: Sequence[TrainingRun]) -> None:
    if beside:
        print("\nBeside it, on the same images")
        output.print_table(beside_titles(study), beside_rows(study, beside), "llrrrrrr")
        _lines(beside_lines(study, beside))


def print_trial(trials: Trials, record: Record) -> None:
    """What a card of the page says of one trial."""
    study, described = trials.study, trials.by_number[record.trial]
    scale = study.definition.scale
    pairs: list[tuple[str, object]] = [
        (f"{scale.name} at {study.size_of(record)} px", scale.text(record.top1)),
        (f"MACs at {study.deployment_of(record)} px", f"{record.macs:,}"),
        ("parameters", f"{record.params:,}"),
        ("latency", None if record.latency_ms is None else f"{record.latency_ms:.2f} ms"),
        ("trained", f"{record.epochs} epochs in {seconds_text(record.seconds)}"),
        ("random seed", record.seed),
        ("proposed by", record.origin),
        ("network", record.digest),
        ("reason", record.reason and one_line(record.reason)),
    ]
    _line(f"trial {record.trial} of {study.name}: {record.state}")
    output.print_pairs(pairs)
    if described.short:
        _line(f"beside the base: {described.short}")
    if record.top1_by_epoch:
        _line(f"after each epoch: {', '.join(map(scale.text, record.top1_by_epoch))}")
    network = trials.architecture(record)
    if network is not None:
        rows = [(row.name, row.words, row.width, row.side, rounded(row.macs)) for row in network_rows(network)]
        print()
        output.print_table(("row", "what it is", "width", "map", "MACs"), rows, "llrrr")


def print_training(run: TrainingRun) -> None:
    """The facts, the scores and each epoch of a training."""
    from nas.report.training_page import state, training_facts, training_lines

    _line(f"training {run.name} ({state(run)})")
    output.print_pairs([(name, one_line(text)) for name, text in training_facts(run).items()])
    print()
    points = [(float(n), float(epoch["top1"])) for n, epoch in enumerate(run.epochs, start=1) if "top1" in epoch]
    marks = [Marks("•", "after each epoch", points)]
    _lines(scatter(marks, lambda x: f"{x:.0f}", lambda y: percent(y), ("epoch", "top-1 on validation")))
    _lines(training_lines(run))


def print_family(folder: Path, members: Sequence[Member]) -> None:
    """The members of a family with their costs."""
    from nas.report.family_page import TITLES, member_rows

    _line(f"family {folder.resolve().name}")
    output.print_table(TITLES, member_rows(members), "lrrrrrrrrr")


def print_side_by_side(studies: Sequence[Study]) -> None:
    """A line a study, and what makes them incomparable."""
    from nas.report.side_by_side import TITLES, study_rows, warnings

    output.print_table(TITLES, study_rows(studies), "lllllllrrrrrrr")
    print()
    _lines([f"! {line}" for line in warnings(studies)])


def _plot(study: Study) -> list[str]:
    """Score against MACs."""
    scale, sign = study.definition.scale, study.question.goal.sign
    kinds = {
        "·": ("trained in part", tables.points(tables.searched(study.records, "pruned"))),
        "•": ("trained", tables.points(tables.searched(study.records, "complete"))),
        "+": ("front", pareto_front(study.records, sign=sign)),
        "★": ("base", tables.points([study.base] if study.base else [])),
    }
    marks = [Marks(mark, name, [(p.cost, p.top1) for p in points]) for mark, (name, points) in kinds.items()]
    return scatter(marks, rounded, scale.text, ("MACs", scale.name))


def _print_trials(study: Study, records: Sequence[Record]) -> None:
    scale, described = study.definition.scale, Trials(study).by_number
    rows = [_row(record, scale, described[record.trial].short, record == study.base) for record in records]
    titles = ("trial", "state", scale.name, "MACs", "parameters", "epochs", "time", "network", "")
    output.print_table(titles, rows, "rlrrrrrll")


def _row(record: Record, scale: Scale, short: str, is_base: bool) -> tuple[object, ...]:
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
        "base" if is_base else again or record.reason or brief(short),
    )


def _print_effects(study: Study) -> None:
    rows = effect_rows(study)
    if rows:
        print("\nWhich decisions pay, all else equal and whatever it costs")
        output.print_table(("decision", "what pays", "gain, 95 %"), rows, "lll")


def trial_of(study: Study, number: int) -> Record:
    """The trial of this number. Raises UserError with the numbers that there are."""
    for record in study.records:
        if record.trial == number:
            return record
    numbers = [record.trial for record in study.records]
    known = f"0 to {max(numbers)}" if numbers else "none yet"
    raise UserError(f"--trial {number}: {study.folder} has trials {known}")


def _lines(texts: Sequence[str]) -> None:
    for text in texts:
        _line(text)


def _line(text: str) -> None:
    """One line, in which no name can steer the terminal."""
    print(one_line(text) if "│" not in text and "└" not in text else text)
