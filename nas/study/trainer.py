"""What a local trainer does with a job: plain data in, plain data out, no state but the images it has read
once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.data.by_name import load_data

if TYPE_CHECKING:
    from nas.data.dataset import Data
    from nas.study.executors.worker import Report

NAME, EVALUATE = "nas.study.trainer:train", "nas.study.trainer:evaluate"

_read = lru_cache(maxsize=1)(load_data)
_provided: dict[tuple[str | None, int], Data] = {}


def provide(spec: str | None, seed: int, data: Data) -> None:
    """Use these images where a task names ``spec`` and ``seed``: they came from elsewhere, and need not lie here."""
    _provided[spec, seed] = data


def _data(spec: str, seed: int) -> Data:
    return _provided[spec, seed] if (spec, seed) in _provided else _read(spec, seed)


def train(task: dict[str, Any], seed: int, checkpoint: str, report: Report) -> dict[str, Any]:
    """Train the task's architecture, going on from the checkpoint where there is one.

    ``task`` holds architecture, blocks, recipe and settings as data, the data's spec and seed, and the order.
    """
    from nas.training.loop import train as fit
    from nas.training.recipe import Recipe
    from nas.training.settings import Settings
    from search_spaces.files.codec import from_data
    from search_spaces.files.outside import outside_blocks

    data = _data(task["data"], task["data_seed"])
    report.alive()
    architecture: Any = from_data(task["architecture"], blocks=outside_blocks(task["blocks"]))
    result = fit(
        architecture,
        data,
        Recipe.from_data(task["recipe"]),
        settings=Settings(**task["settings"]),
        seed=seed,
        order=task["order"],
        report=report,
        alive=report.alive,
        checkpoint=Path(checkpoint),
    )
    return {
        "top1": result.top1,
        "top1_by_epoch": list(result.top1_by_epoch),
        "seconds": result.seconds,
        "pruned": result.pruned,
    }


def evaluate(task: dict[str, Any], seed: int, checkpoint: str, report: Report) -> dict[str, Any]:
    """Top-1 and number of images of the task's ``split``, by the network whose training ended in the checkpoint; a
    ``problem`` where that cannot be read."""
    from nas.training.final_evaluation import final_evaluation
    from nas.training.settings import Settings
    from search_spaces.errors import UserError
    from search_spaces.files.outside import outside_blocks

    data, split = _data(task["data"], task["data_seed"]), task["split"]
    report.alive()
    settings, blocks = Settings(**task["settings"]), outside_blocks(task["blocks"])
    try:
        result = final_evaluation(Path(checkpoint), data, [split], settings, blocks, report.alive)[split]
    except UserError as error:
        return {"problem": str(error)}
    return {"top1": result.top1, "images": result.images}
