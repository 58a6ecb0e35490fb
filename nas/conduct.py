"""Run a plan to its limits, under the lock of its folder."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.storage import layout
from nas.storage.lock import locked
from nas.study import noise, trainer
from nas.study.base import choose, write_base
from nas.study.checkpoints import path_of, sweep
from nas.study.driver import Driver, Limits, Training
from nas.study.errors import StudyError
from nas.study.executors.choose import executor_of
from nas.study.executors.executor import Executor
from nas.study.job import key_of, task_of
from nas.study.journal import Journal, Progress
from nas.study.log import open_log
from nas.study.plan import Plan
from nas.study.propose.candidates import Candidates
from nas.study.propose.latency import Latencies, on_device
from nas.study.question import Definition, check_same, read_definition, write_definition
from nas.study.study import Study, open_study
from search_spaces.errors import UserError
from search_spaces.files.load import outside_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator


def conduct(
    made: Plan,
    limits: Limits,
    *,
    workers: int | str = "auto",
    progress: Progress | None = None,
    trained_by: str = trainer.NAME,
) -> Study:
    """Run a plan to its limits. ``trained_by`` is the function that trains, as ``module:function``."""
    if made.exists and _is_done(made.folder, limits):
        return open_study(made.folder)
    settings = {} if made.exists else _measured(made)
    _make_folder(made.folder)
    with locked(made.folder):
        definition = _settled(made, settings)
        with _journal(made.folder, progress) as journal:
            executor = executor_of(made, definition, workers, limits.trials)
            try:
                _run(made, definition, journal, executor, limits, trained_by)
            finally:
                executor.close()
        _write_report(made.folder)
    return open_study(made.folder)


def _is_done(folder: Path, limits: Limits) -> bool:
    study = open_study(folder)
    enough = study.state == "exhausted" or (study.state == "finished" and study.done >= limits.trials)
    return enough and (folder / layout.BASE).is_file() and not study.problems


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}") from None


def _settled(made: Plan, settings: dict[str, Any]) -> Definition:
    """The stored definition with the settings measured at its start, or a new one with settings measured
    now."""
    if made.exists:
        stored = read_definition(made.folder)
        check_same(made.folder, stored, made.definition)
        return stored
    definition = replace(made.definition, settings=settings)
    write_definition(made.folder, definition)
    (made.folder / layout.CHECKPOINTS).mkdir(exist_ok=True)
    return definition


def _measured(made: Plan) -> dict[str, Any]:
    asked = made.definition.asked
    if made.recipe is None:
        return {"epochs": asked["epochs"]}
    from nas.training.settings import settings

    return settings(made.recipe, asked["device"], epochs=asked["epochs"]).to_data()


@contextmanager
def _journal(folder: Path, progress: Progress | None) -> Iterator[Journal]:
    journal = Journal(folder, open_log(folder / layout.LOG), progress)
    try:
        for problem in journal.problems:
            journal.add("problem", text=problem)
        yield journal
    finally:
        journal.close()


def _run(
    made: Plan, definition: Definition, journal: Journal, executor: Executor, limits: Limits, trained_by: str
) -> None:
    fixed = definition.settings
    measure = on_device(fixed.get("device", "cpu"), fixed.get("threads", 1))
    latencies = Latencies(made.timed, journal, measure) if made.timed else None
    candidates = Candidates(made.feasible, key_of(made, definition), latencies)
    training = Training(trained_by, task_of(made, definition), definition.settings["epochs"])
    opened = {"trials": limits.trials, "definition": definition.digest, "versions": made.definition.versions}
    journal.add("opened", pid=os.getpid(), **opened)
    try:
        _refer(made, journal)
        driver = Driver(made.folder, definition, candidates, journal, executor, training, limits)
        ended = driver.search()
        again = driver.retrain()
        _conclude(made, definition, journal, limits)
        journal.add("ended", state=again if again == "time" else ended)
    except KeyboardInterrupt:
        journal.add("ended", state="interrupted")
        done = f"stopped with {journal.counted()} of {limits.trials} trainings done"
        raise KeyboardInterrupt(f"{done}; the same command goes on from {made.folder}") from None
    except StudyError as error:
        journal.add("ended", state="failed", reason=str(error))
        raise


def _refer(made: Plan, journal: Journal) -> None:
    """Record once what a logistic regression reaches on the same images."""
    if made.data is not None and journal.folded.reference is None:
        from nas.training.reference import reference

        journal.add("reference", **asdict(reference(made.data)))


def _conclude(made: Plan, definition: Definition, journal: Journal, limits: Limits) -> None:
    """Estimate the noise, choose the base, and write its file."""
    choice = choose(journal.records, definition.objective)
    if choice is None:
        failed = [r.reason for r in journal.records.values() if r.state == "failed" and r.reason]
        why = f": {'; '.join(dict.fromkeys(failed))}" if failed else ""
        raise StudyError(f"no training was completed in {made.folder}{why}")
    journal.add("noise", **asdict(noise.estimate(journal.records.values())))
    record = journal.records[choice.trial]
    if limits.keep != "all":
        sweep(made.folder, [record.trial] if limits.keep == "base" else [])
    weights = path_of(made.folder, record)
    provenance = {
        "study": made.folder.name,
        "definition": definition.digest,
        **asdict(choice),
        "macs": record.macs,
        "params": record.params,
        "budgets": list(definition.budgets),
        "weights": f"{layout.CHECKPOINTS}/{weights.name}" if weights.exists() else None,
    }
    write_base(made.folder, made.space.decide(record.decisions), provenance)
    journal.add("base", **asdict(choice))
    if weights.exists():
        _test(made, definition, journal, record.trial, weights)


def _test(made: Plan, definition: Definition, journal: Journal, trial: int, weights: Path) -> None:
    """Read the test split, once for each base."""
    score = journal.folded.test
    if made.data is None or made.recipe is None or (score is not None and score.trial == trial):
        return
    from nas.training.final import final_evaluation
    from nas.training.settings import Settings

    fixed = Settings.from_data(definition.settings)
    found = final_evaluation(weights, made.data, ["test"], fixed, outside_blocks(definition.blocks))["test"]
    journal.add("test", trial=trial, top1=found.top1, images=found.images)


def _write_report(folder: Path) -> None:
    from nas.report import write_report

    write_report(folder)
