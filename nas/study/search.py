"""Search from Python: one function."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nas.conduct import conduct
from nas.study.driver import Limits
from nas.study.journal import Progress
from nas.study.plan import Evaluate, check_limits, plan
from nas.study.records import TRIALS
from nas.study.study import Study
from search_spaces import Budget, Space
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.training import Recipe


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
