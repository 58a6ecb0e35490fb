"""Run a study: the way in from Python and from the command line."""

from __future__ import annotations

import math
import os
import time as clock
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.study import checkpoints, noise, trainer
from nas.study.base import choose, write_base
from nas.study.candidates import Candidates
from nas.study.checkpoints import path_of, sweep
from nas.study.definition import Definition, check_same, read_definition, write_definition
from nas.study.driver import Driver, Limits, Training
from nas.study.errors import StudyError
from nas.study.executors.base import Executor, Job
from nas.study.executors.inline import Inline
from nas.study.executors.local import Local
from nas.study.journal import Journal, Progress
from nas.study.lock import locked
from nas.study.log import NAME as LOG
from nas.study.log import open_log
from nas.study.plan import Evaluate, Plan, check_limits, plan
from nas.study.records import TRIALS
from nas.study.seeds import derive
from nas.study.view import Study, open_study
from search_spaces import Architecture, Budget, Space
from search_spaces.codec import from_data, to_data
from search_spaces.digest import training_key
from search_spaces.errors import UserError
from search_spaces.load import outside_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nas.training import Recipe

__all__ = ["Plan", "conduct", "plan", "search"]


def search(
    space: Space | str,
    budgets: str | Budget | Iterable[str | Budget] = (),
    *,
    data: str = "digits",
    trials: int = TRIALS,
    sampler: str = "tpe",
    pruner: str = "median",
    objective: str = "top1",
    recipe: str | Recipe = "proxy",
    epochs: int | None = None,
    image_size: int | None = None,
    classes: int | None = None,
    workers: int | str = "auto",
    device: str = "auto",
    seed: int = 0,
    retrain: int = 2,
    seeds: int = 2,
    out: Path | str | None = None,
    evaluate: Evaluate | None = None,
    progress: Progress | None = None,
    time: float | None = None,
    blocks: str | None = None,
    keep: str = "base",
) -> Study:
    """Search ``space`` within ``budgets`` and choose a base; the same call goes on where an earlier one
    stopped.

    ``trials`` trainings end complete or pruned; then the ``retrain`` best are trained with ``seeds`` further
    seeds. ``image_size`` and ``classes`` are those of deployment, at which the budgets hold.
    ``evaluate(architecture, seed, report) -> score`` takes the place of training on ``data``; it may call
    ``report(epoch, top1) -> bool`` (go on?). ``progress`` is called with each event of the log. After
    ``time`` seconds no training is begun any more. ``blocks`` names a module whose table BLOCKS has blocks
    from outside; ``keep`` says whose checkpoints stay.

    Raises UserError for a wrong argument, before anything is written; StudyError when nothing finishes or too
    much fails; KeyboardInterrupt, with a line that says how to go on.
    """
    check_limits(trials, time, keep)
    check_workers(workers)
    made = plan(
        space,
        budgets,
        data=data,
        sampler=sampler,
        pruner=pruner,
        objective=objective,
        recipe=recipe,
        epochs=epochs,
        image_size=image_size,
        classes=classes,
        device=device,
        seed=seed,
        retrain=retrain,
        seeds=seeds,
        out=out,
        evaluate=evaluate,
        blocks=blocks,
    )
    deadline = clock.monotonic() + time if time else math.inf
    return conduct(made, Limits(trials, deadline, keep), workers=workers, progress=progress)


def check_workers(workers: int | str) -> None:
    if workers != "auto" and (type(workers) is not int or workers < 1):
        raise UserError(f"workers must be auto or an integer of at least 1, got {workers!r}")


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
            executor = _executor(made, definition, workers, limits.trials)
            try:
                _run(made, definition, journal, executor, limits, trained_by)
            finally:
                executor.close()
        _write_report(made.folder)
    return open_study(made.folder)


def _is_done(folder: Path, limits: Limits) -> bool:
    study = open_study(folder)
    enough = study.state == "exhausted" or (study.state == "finished" and study.done >= limits.trials)
    return enough and (folder / "base.yaml").is_file() and not study.problems


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
    (made.folder / checkpoints.FOLDER).mkdir(exist_ok=True)
    return definition


def _measured(made: Plan) -> dict[str, Any]:
    asked = made.definition.asked
    if made.recipe is None:
        return {"epochs": asked["epochs"]}
    from nas.training.settings import settings

    return settings(made.recipe, asked["device"], epochs=asked["epochs"]).to_data()


@contextmanager
def _journal(folder: Path, progress: Progress | None) -> Iterator[Journal]:
    journal = Journal(folder, open_log(folder / LOG), progress)
    try:
        for problem in journal.problems:
            journal.add("problem", text=problem)
        yield journal
    finally:
        journal.close()


def _run(
    made: Plan, definition: Definition, journal: Journal, executor: Executor, limits: Limits, trained_by: str
) -> None:
    candidates = Candidates(made.space, made.budgets, _key_of(made, definition))
    training = Training(trained_by, _task_of(made, definition), definition.settings["epochs"])
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
    journal.add("noise", **noise.estimate(journal.records.values()).to_data())
    record = journal.records[choice.trial]
    if limits.keep != "all":
        sweep(made.folder, [record.trial] if limits.keep == "base" else [])
    weights = path_of(made.folder, record)
    provenance = {
        "study": made.folder.name,
        "definition": definition.digest,
        **choice.to_data(),
        "macs": record.macs,
        "params": record.params,
        "budgets": list(definition.budgets),
        "weights": f"{checkpoints.FOLDER}/{weights.name}" if weights.exists() else None,
    }
    write_base(made.folder, made.space.decide(record.decisions), provenance)
    journal.add("base", **choice.to_data())
    if weights.exists():
        _test(made, definition, journal, record.trial, weights)


def _test(made: Plan, definition: Definition, journal: Journal, trial: int, weights: Path) -> None:
    """Read the test split, once for each base."""
    told = journal.folded.test
    if made.data is None or made.recipe is None or (told is not None and told["trial"] == trial):
        return
    from nas.training.final import test_accuracy
    from nas.training.settings import Settings

    architecture = made.space.decide(journal.records[trial].decisions)
    fixed = Settings.from_data(definition.settings)
    top1 = test_accuracy(architecture, made.data, made.recipe, fixed, weights)
    journal.add("test", trial=trial, top1=top1, images=len(made.data.test))


def _write_report(folder: Path) -> None:
    from nas.report import write_report

    write_report(folder)


def _key_of(made: Plan, definition: Definition) -> Callable[[Architecture], str]:
    """What names a training but for its seed."""
    if made.data is None or made.recipe is None:
        return lambda architecture: training_key(architecture, {"evaluator": definition.evaluator})
    from nas.training.loop import key
    from nas.training.settings import Settings, proxy

    data, how, fixed = made.data, made.recipe, Settings.from_data(definition.settings)
    return lambda a: key(proxy(a, how, fixed.image_size, len(data.classes)), how, fixed, data)


def _task_of(made: Plan, definition: Definition) -> Callable[[Architecture, int], dict[str, Any]]:
    """A job's task. All candidates see the images in one order; each replicate has an order of its own."""

    settings = dict(definition.settings)
    if str(settings.get("device")).startswith("cuda"):
        settings["device"] = "cuda"  # each worker sees one GPU only

    def task(architecture: Architecture, replicate: int) -> dict[str, Any]:
        return {
            "architecture": to_data(architecture),
            "blocks": definition.blocks,
            "recipe": definition.recipe,
            "settings": settings,
            "data": made.definition.data["spec"] if made.definition.data else None,
            "data_seed": made.definition.data["seed"] if made.definition.data else 0,
            "order": derive(definition.seed, "order", replicate),
        }

    return task


def _executor(made: Plan, definition: Definition, workers: int | str, trials: int) -> Executor:
    if made.evaluate is not None:
        return Inline(_evaluator(made.evaluate, outside_blocks(definition.blocks)))
    return Local(environments(definition.settings, workers, trials), made.folder / "workers.log")


def environments(settings: Mapping[str, Any], workers: int | str, trials: int) -> list[dict[str, str]]:
    """The environment of each worker: its threads on the CPU, and which GPU it sees."""
    threads = {name: str(settings.get("threads", 1)) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    if str(settings.get("device")).startswith("cuda"):
        index = str(settings["device"]).partition(":")[2]
        devices = _visible_gpus()
        devices = [devices[int(index)]] if index else devices
        count = len(devices) if workers == "auto" else int(workers)
        return [{**threads, "CUDA_VISIBLE_DEVICES": devices[i % len(devices)]} for i in range(count)]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = min(max(1, cores // settings.get("threads", 1)), trials) if workers == "auto" else int(workers)
    return [threads] * count


def _visible_gpus() -> list[str]:
    import torch

    named = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return named or [str(index) for index in range(torch.cuda.device_count())]


def _evaluator(evaluate: Evaluate, blocks: Any) -> Callable[..., dict[str, Any]]:
    """The user's evaluator as a trainer for the inline executor."""

    def train(job: Job, report: Callable[[int, dict[str, Any]], bool]) -> dict[str, Any]:
        start, curve, verdicts = clock.perf_counter(), [], [True]

        def told(epoch: int, top1: float) -> bool:
            seconds = clock.perf_counter() - start
            curve.append(float(top1))
            verdicts.append(report(epoch, {"top1": float(top1), "seconds": seconds}))
            return verdicts[-1]

        architecture = from_data(job.task["architecture"], blocks=blocks)
        score = float(evaluate(architecture, job.seed, told))
        return {
            "top1": score,
            "top1_by_epoch": curve or [score],
            "seconds": clock.perf_counter() - start,
            "pruned": not verdicts[-1],
        }

    return train
