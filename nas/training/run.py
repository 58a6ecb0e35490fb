"""A training in a folder of its own, which the same command resumes.

::

    train.yaml            what is trained, on what, how
    network.yaml          the network as trained
    metrics.jsonl         one line an epoch
    tensorboard/          the same as TensorBoard events
    last.ckpt             where it stands, to go on from
    best.safetensors      weights of the epoch with the best validation top-1
    weights.safetensors   weights of the last epoch (their average, where the recipe has one)
    summary.json          the end: validation and test, cost of the network and of the run
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

from nas.module.files import Trained, load_weights, save_weights
from nas.storage import layout
from nas.storage.files import write_atomic
from nas.storage.lock import locked
from nas.training.definition import Training
from nas.training.distributed import together, world
from nas.training.final import final_evaluation
from nas.training.loop import Result, Watch, train
from nas.training.metrics import Metrics
from search_spaces import cost, save
from search_spaces.errors import UserError
from search_spaces.files.load import outside_blocks

BACKWARD = 3  # a training step is a forward pass and a backward pass of about twice its multiply-adds

Told = Callable[[int, dict[str, Any]], None]


def run(
    training: Training,
    folder: Path,
    *,
    resume: bool = False,
    told: Told | None = None,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Train to the end in ``folder``, or go on where it was stopped; the summary, which ``summary.json`` keeps.

    ``told(epoch, metrics)`` hears of each epoch, ``watch(step, steps)`` of each step. With ``resume`` there
    must be something to resume. The test split is read once, after the last epoch. Under `torchrun` all processes call
    this. Raises UserError for a folder that holds something else, or is in use.
    """
    leads = world().leads
    with ExitStack() as stack:
        _check(training, folder, resume)
        together()  # all have looked before the first writes
        if leads:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(folder))
        if not (folder / layout.SUMMARY).is_file():
            _train(training, folder, told, watch)
        together()
        summary: dict[str, Any] = json.loads((folder / layout.SUMMARY).read_text(encoding="utf-8"))
        return summary


def _check(training: Training, folder: Path, resume: bool) -> None:
    """The folder must hold this training, or nothing."""
    if (folder / layout.TRAINING).is_file():
        training.check_same(folder)
    elif resume:
        raise UserError(f"{folder} holds no training that could be resumed")
    elif folder.exists() and (not folder.is_dir() or any(_counts(each) for each in folder.iterdir())):
        raise UserError(f"{folder} is not empty and holds no training")


def _counts(path: Path) -> bool:
    """Whether it is more than a kill before the first line of ``train.yaml`` leaves."""
    return path.name != layout.LOCK and not path.name.startswith(f".{layout.TRAINING}.")


def _train(training: Training, folder: Path, told: Told | None, watch: Watch | None) -> None:
    start, leads = training.start(), world().leads
    if leads and not (folder / layout.TRAINING).is_file():
        training.write(folder)
    if leads and not (folder / layout.NETWORK).is_file():
        save(training.trained, folder / layout.NETWORK, {"training": training.name, "recipe": training.recipe.name})
    with Metrics(folder) if leads else nullcontext() as metrics:

        def report(epoch: int, told_now: dict[str, Any]) -> bool:
            if metrics is not None and metrics.add(epoch, told_now) and told:
                told(epoch, told_now)
            return True

        result = train(
            training.architecture,
            training.data,
            training.recipe,
            fixed=training.fixed,
            seed=training.seed,
            order=training.seed,
            report=report,
            watch=watch,
            checkpoint=folder / layout.LAST,
            best=folder / layout.BEST,
            start=start,
        )
    together()  # the checkpoint is there
    _conclude(training, folder, result)


def _conclude(training: Training, folder: Path, result: Result) -> None:
    """Write the weights, evaluate them on validation and, once, on the test split, and sum up."""
    data, fixed = training.data, training.fixed
    found = final_evaluation(folder / layout.LAST, data, ("val", "test"), fixed, outside_blocks(training.blocks))
    if not world().leads:
        return
    state, trained = load_weights(folder / layout.LAST)
    assert trained is not None  # the loop wrote it
    own = Trained.from_data({**trained.to_data(), "name": training.name}).after(result.epochs, result.top1)
    save_weights(folder / layout.WEIGHTS, state, own)
    costs = cost(training.trained)
    images = result.epochs * max(1, len(data.train) // fixed.batch) * fixed.at_once(len(data.train))
    summary = {
        "name": training.name,
        "data": data.name,
        "recipe": training.recipe.name,
        "seed": training.seed,
        "epochs": result.epochs,
        "image_size": training.trained.image_size,
        "params": costs.params,
        "macs": costs.macs,
        "training_macs": BACKWARD * costs.macs * images,
        "seconds": result.seconds,
        "cpu_seconds": result.cpu_seconds,
        "images_per_second": result.images_per_second,
        "peak_bytes": result.peak_bytes,
        "device": result.device,
        "processes": fixed.processes,
        "batch": fixed.batch,
        "batch_per_process": fixed.batch // fixed.processes,
        "top1_by_epoch": list(result.top1_by_epoch),
        "best_epoch": 1 + max(range(result.epochs), key=lambda epoch: result.top1_by_epoch[epoch]),
        **{part: each.facts(data.classes) for part, each in found.items()},
    }
    write_atomic(folder / layout.SUMMARY, json.dumps(summary, indent=1, allow_nan=False) + "\n")
