"""What ``nas.search`` and ``nas search`` do: plan a study, run it to its limits under the lock of its folder, report.

Heavy imports stand inside the functions: the package's face imports this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.storage import layout

if TYPE_CHECKING:
    from nas.study import Study
    from nas.study.journal import Progress
    from nas.study.plan import Evaluate, Plan
    from nas.study.run_options import RunOptions
    from search_spaces import Budget, Space


def search(
    space: Space | str,
    budgets: str | Budget | Iterable[str | Budget] = (),
    *,
    out: Path | str | None = None,
    evaluate: Evaluate | None = None,
    evaluator_name: str | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Study:
    """Search ``space`` within ``budgets`` and choose a base; the same call goes on where an earlier one
    stopped.

    ``options`` are those of :class:`nas.study.question.Question` (data, sampler, pruner, objective, recipe, epochs,
    image_size, classes, device, seed, retrain, seeds, blocks, direction) and
    :class:`nas.study.run_options.RunOptions` (trials, time, workers, executor, address, keep); both say what each
    means.
    ``evaluate(architecture, seed, report) -> score`` takes the place of training on ``data``, in this process, one call
    at a time. The score is a finite number of any scale; the largest is the best, or with ``direction="minimize"`` the
    smallest. It may call ``report(epoch, score) -> bool`` (go on?), from epoch 1;
    :class:`nas.study.executors.evaluated.Calls` has all its rules. Another function is another study: it is known by
    its code, or by the ``evaluator_name`` that you give it. ``progress`` is called with each event of the log.

    Raises UserError for a wrong argument, before anything is written; StudyError when nothing finishes or too
    much fails; KeyboardInterrupt, with a line that says how to go on.
    """
    from nas.study.plan import plan
    from nas.study.run_options import split_options

    run_options, question_options = split_options(options)
    study_plan = plan(space, budgets, out=out, evaluate=evaluate, evaluator_name=evaluator_name, **question_options)
    return conduct(study_plan, run_options, progress=progress)


def conduct(
    plan: Plan, options: RunOptions, *, progress: Progress | None = None, trainer: str = "nas.study.trainer:train"
) -> Study:
    """Run a plan to its limits and write its report. ``trainer``: the training function, ``module:name``."""
    with _resumable(plan.folder):
        return _conduct(plan, options, progress, trainer)


@contextmanager
def _resumable(folder: Path) -> Iterator[None]:
    """An interrupt says how to go on, at whatever instant it comes."""
    try:
        yield
    except KeyboardInterrupt as stop:
        said = str(stop) or "stopped"
        raise KeyboardInterrupt(f"{said}; the same command goes on from {folder}") from None


def _conduct(plan: Plan, options: RunOptions, progress: Progress | None, trainer: str) -> Study:
    from nas.report.page import write_report
    from nas.storage.files import remove_leftovers
    from nas.storage.lock import locked
    from nas.study import open_study
    from nas.study.baseline import random_plan
    from nas.study.executors.table import check_executor, executor_of
    from nas.study.run import StudyRun, check_files, make_folder, measured_settings, opened_journal, settled
    from nas.study.workload import TimeBudget

    check_executor(plan, options)
    time = TimeBudget(math.inf if options.time is None else options.time)
    if options.baseline:
        random_plan(plan)  # refused before anything is trained
    check_files(plan.folder)
    if plan.exists and _is_done(study := open_study(plan.folder), plan, options):
        _make_again(study, plan.space)
        return study
    settings = {} if plan.exists else measured_settings(plan)
    make_folder(plan.folder)
    with locked(plan.folder):
        for place in (plan.folder, plan.folder / layout.CHECKPOINTS):
            remove_leftovers(place)
        definition = settled(plan, settings)
        with opened_journal(plan.folder, progress) as journal:
            executor = executor_of(plan, definition, options)
            try:
                StudyRun(plan, definition, journal, executor, options, trainer, progress, time).go()
            finally:
                executor.close()
        write_report(plan.folder)
    return open_study(plan.folder)


def _is_done(study: Study, plan: Plan, options: RunOptions) -> bool:
    """Whether there is nothing left to train and to choose for what is asked now."""
    from nas.study.driver import missing_retrainings
    from nas.study.final import is_made

    enough = study.state == "exhausted" or (study.state == "finished" and study.done >= options.trials)
    base = study.base.trial if study.base else None
    finals = [(study.final, base), *((study.finals.get(c.trial), c.trial) for c in study.smaller_bases.values())]
    complete = not missing_retrainings(study.records, plan.question) and all(
        is_made(final, plan, options.final, options.trials, trial) for final, trial in finals
    )
    compared = not options.baseline or (study.baseline is not None and study.baseline.covers(options.trials, base))
    return enough and complete and compared and study.base is not None and not study.problems


def _make_again(study: Study, space: Space) -> None:
    """The files of bases, the records and the page of a study that is done, where they are missing, old or damaged."""
    from nas.report.page import is_written, write_report
    from nas.storage.lock import locked
    from nas.study.base import BaseFile
    from nas.study.records import are_written, write_records

    bases = [base for base in BaseFile.all_of(study) if not base.is_written(space)]
    writes: list[Callable[[], object]] = [partial(base.write, space) for base in bases]
    if not are_written(study.folder, study.records):
        writes.append(partial(write_records, study.folder, {record.trial: record for record in study.records}))
    if writes or not is_written(study):
        writes.append(partial(write_report, study.folder))
        with locked(study.folder):
            for write in writes:
                write()
