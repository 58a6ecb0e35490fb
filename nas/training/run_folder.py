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
from nas.storage.files import remove_leftovers, write_atomic
from nas.storage.lock import locked
from nas.training.distributed import together, world
from nas.training.final_evaluation import final_evaluation
from nas.training.loop import Result, Watch, train
from nas.training.metrics import Metrics
from nas.training.training import Training
from search_spaces import cost, save
from search_spaces.errors import UserError
from search_spaces.files.outside import outside_blocks
from search_spaces.files.plain_json import parse_json

MAX_MATRIX = 100  # classes whose confusion matrix stands whole in the summary
BACKWARD = 3  # a training step is a forward pass and a backward pass of about twice its multiply-adds

OnEpoch = Callable[[int, dict[str, Any]], None]


def run(
    training: Training,
    folder: Path,
    *,
    resume: bool = False,
    on_epoch: OnEpoch | None = None,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Train to the end in ``folder``, or go on where it was stopped; the summary, which ``summary.json`` keeps.

    ``on_epoch(epoch, metrics)`` is called after each epoch, ``watch(epoch, step, steps)`` of each step. With ``resume``
    there must be something to resume. The test split is read once, after the last epoch. Under `torchrun` all processes
    call this. Raises UserError for a folder that holds something else, or is in use.
    """
    leads = world().leads
    with ExitStack() as stack:
        _check(training, folder, resume)
        together()  # all have looked before the first writes
        if leads:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(folder))
            remove_leftovers(folder)
        if _summary(folder) is None:
            _train(training, folder, on_epoch, watch)
        together()
        summary = _summary(folder)
        assert summary is not None  # it has been written just now
        return summary


def _summary(folder: Path) -> dict[str, Any] | None:
    """The summary; None where there is none yet, or a damaged one, which is made again from the last checkpoint."""
    try:
        summary = parse_json((folder / layout.SUMMARY).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return summary if isinstance(summary, dict) else None


def _check(training: Training, folder: Path, resume: bool) -> None:
    """The folder must hold this training, or nothing."""
    if (folder / layout.TRAINING).is_file():
        training.check_same(folder)
    elif resume:
        raise UserError(f"{folder} holds no training that could be resumed")
    elif folder.exists() and (not folder.is_dir() or any(map(_counts, folder.iterdir()))):
        raise UserError(f"{folder} is not empty and holds no training")


def _counts(path: Path) -> bool:
    """Whether it is more than a kill before the first line of ``train.yaml`` leaves."""
    return path.name != layout.LOCK and not path.name.startswith(f".{layout.TRAINING}.")


def _train(training: Training, folder: Path, on_epoch: OnEpoch | None, watch: Watch | None) -> None:
    start, leads = training.start(), world().leads
    if leads and not (folder / layout.TRAINING).is_file():
        training.write(folder)
    if leads and not (folder / layout.NETWORK).is_file():
        save(training.trained, folder / layout.NETWORK, {"training": training.name, "recipe": training.recipe.name})
    with Metrics(folder) if leads else nullcontext() as metrics:

        def report(epoch: int, values: dict[str, Any]) -> bool:
            if metrics is not None and metrics.add(epoch, values) and on_epoch:
                on_epoch(epoch, values)
            return True

        result = train(
            training.architecture,
            training.data,
            training.recipe,
            settings=training.settings,
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
    data, settings = training.data, training.settings
    evaluations = final_evaluation(
        folder / layout.LAST, data, ("val", "test"), settings, outside_blocks(training.blocks), tta=training.tta
    )
    if not world().leads:
        return
    state, trained = load_weights(folder / layout.LAST)
    assert trained is not None  # the loop wrote it
    named = Trained.from_data({**trained.to_data(), "name": training.name}).after(result.epochs, result.top1)
    save_weights(folder / layout.WEIGHTS, state, named)
    costs = cost(training.trained)
    images = result.epochs * max(1, len(data.train) // settings.batch) * settings.batch_of(len(data.train))
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
        "processes": settings.processes,
        "batch": settings.batch,
        "batch_per_process": settings.batch // settings.processes,
        "tta": training.tta,
        "top1_by_epoch": list(result.top1_by_epoch),
        "best_epoch": 1 + max(range(result.epochs), key=lambda epoch: result.top1_by_epoch[epoch]),
        **{part: compact(evaluation.facts(data.classes)) for part, evaluation in evaluations.items()},
    }
    write_atomic(folder / layout.SUMMARY, summary_text(summary))


def compact(facts: dict[str, Any]) -> dict[str, Any]:
    """With many classes the confusion matrix is nearly empty: then ``confusion`` is None, and ``confusion_counts`` has
    (true, predicted, images) of what is not 0."""
    matrix = facts["confusion"]
    if len(matrix) <= MAX_MATRIX:
        return facts
    counts = [(i, j, images) for i, row in enumerate(matrix) for j, images in enumerate(row) if images]
    return facts | {"confusion": None, "confusion_counts": counts}


def summary_text(summary: dict[str, Any]) -> str:
    """JSON of one line for each value, and for each value of a split."""

    def lines(values: dict[str, Any], indent: str) -> str:
        texts = (
            lines(value, indent + " ") if isinstance(value, dict) else json.dumps(value, allow_nan=False)
            for value in values.values()
        )
        pairs = (f"{indent} {json.dumps(name)}: {text}" for name, text in zip(values, texts, strict=True))
        return "{\n" + ",\n".join(pairs) + f"\n{indent}}}"

    return lines(summary, "") + "\n"
