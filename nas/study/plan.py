"""From arguments to a plan: everything is checked here, and nothing is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.storage import layout
from nas.storage.versions import installed_versions
from nas.study import checkpoints
from nas.study.objective import OBJECTIVES
from nas.study.propose.samplers import SAMPLERS
from nas.study.pruner import PRUNERS
from nas.study.question import Definition, check_same, read_definition
from search_spaces import Budget, Space, least, load
from search_spaces.counting.feasible import Feasible
from search_spaces.counting.preflight import check_feasible
from search_spaces.errors import UserError
from search_spaces.files.codec import to_data
from search_spaces.files.load import outside_blocks

if TYPE_CHECKING:
    from nas.data import Data
    from nas.training import Recipe

SPLIT = 0  # seed of the split: all studies on some data share it, whatever their own seed
LATENCY = "latency_ms"
Evaluate = Callable[..., float]


@dataclass(frozen=True)
class Plan:
    """A study that could be run: its definition, what that means as values, and where it would lie."""

    folder: Path
    definition: Definition
    space: Space
    budgets: tuple[Budget, ...]
    feasible: Feasible
    data: Data | None
    recipe: Recipe | None
    evaluate: Evaluate | None

    @property
    def timed(self) -> tuple[Budget, ...]:
        """The budgets of latency, which ``feasible`` leaves out."""
        return tuple(each for each in self.budgets if each.metric == LATENCY)

    @property
    def exists(self) -> bool:
        return (self.folder / layout.STUDY).is_file()


def plan(
    space: Space | str,
    budgets: str | Budget | Iterable[str | Budget] = (),
    *,
    data: str = "digits",
    sampler: str = "tpe",
    pruner: str = "median",
    objective: str = "top1",
    recipe: str | Recipe = "proxy",
    epochs: int | None = None,
    image_size: int | None = None,
    classes: int | None = None,
    device: str = "auto",
    seed: int = 0,
    retrain: int = 2,
    seeds: int = 2,
    out: Path | str | None = None,
    evaluate: Evaluate | None = None,
    blocks: str | None = None,
) -> Plan:
    """Check a search's arguments (see :func:`nas.study.search.search`). Raises UserError; writes nothing."""
    _check_names(sampler, pruner, objective)
    _check_counts(epochs=(epochs, 1), retrain=(retrain, 0), seeds=(seeds, 0), seed=(seed, 0))
    own = _space(space, image_size, classes, blocks)
    limits = _budgets(budgets)
    within = Feasible(own, tuple(each for each in limits if each.metric != LATENCY), exact=False)
    check_feasible(within)
    images = _images(data) if evaluate is None else None
    how = _recipe(recipe) if evaluate is None else None
    if images and how:
        _check_trainable(own, how, len(images.classes))
    definition = Definition(
        name=own.name,
        space=to_data(own),
        budgets=tuple(map(str, limits)),
        image_size=own.architecture.image_size,
        classes=own.architecture.classes,
        data=_described(images, data) if images else None,
        evaluator=f"{evaluate.__module__}.{evaluate.__qualname__}" if evaluate else None,
        recipe=how.to_data() if how else None,
        sampler=sampler,
        pruner=pruner,
        objective=objective,
        seed=seed,
        retrain=retrain,
        seeds=seeds,
        blocks=blocks,
        asked={"device": device, "epochs": epochs},
        versions=installed_versions(),
    )
    folder = Path(out) if out else definition.default_folder()
    _check_folder(folder, definition)
    return Plan(folder, definition, own, limits, within, images, how, evaluate)


def _check_names(sampler: str, pruner: str, objective: str) -> None:
    table = {
        "sampler": (sampler, SAMPLERS),
        "pruner": (pruner, PRUNERS),
        "objective": (objective, OBJECTIVES),
    }
    for name, (value, known) in table.items():
        if value not in known:
            raise UserError(f"{name} must be one of {', '.join(known)}, got {value!r}")


def _check_counts(**counts: tuple[Any, int]) -> None:
    for name, (value, minimum) in counts.items():
        if value is not None and (type(value) is not int or value < minimum):
            raise UserError(f"{name} must be an integer of at least {minimum}, got {value!r}")


def check_limits(trials: int, time: float | None, keep: str) -> None:
    """Check what says how far a run goes, without being part of the definition."""
    _check_counts(trials=(trials, 1))
    if time is not None and not time > 0:
        raise UserError(f"time must be a number of seconds above 0, got {time!r}")
    if keep not in checkpoints.KEEP:
        raise UserError(f"keep must be one of {', '.join(checkpoints.KEEP)}, got {keep!r}")


def _space(space: Space | str, image_size: int | None, classes: int | None, blocks: str | None) -> Space:
    value = load(space, blocks=outside_blocks(blocks)) if isinstance(space, str) else space
    if not isinstance(value, Space):
        raise UserError(f"{space} is a network, not a space: nothing in it is left open")
    changed: dict[str, Any] = {n: v for n, v in (("image_size", image_size), ("classes", classes)) if v is not None}
    return replace(value, architecture=replace(value.architecture, **changed)) if changed else value


def _budgets(budgets: str | Budget | Iterable[str | Budget]) -> tuple[Budget, ...]:
    several = (budgets,) if isinstance(budgets, str | Budget) else tuple(budgets)
    parsed = tuple(each if isinstance(each, Budget) else Budget.parse(each) for each in several)
    return parsed


def _check_trainable(space: Space, recipe: Recipe, classes: int) -> None:
    """Every head must take the proxy's image size."""
    from nas.training.settings import proxy

    some = least(space)
    for shared in space.shared_assignments():
        for _, head in space.tree.fields["head"].every(shared):
            proxy(replace(some, head=head), recipe, recipe.image_size, classes)


def _images(spec: str) -> Data:
    from nas.data import load_data

    return load_data(spec, SPLIT)


def _recipe(recipe: str | Recipe) -> Recipe:
    from nas.training.recipes import recipe as named

    return named(recipe) if isinstance(recipe, str) else recipe


def _described(data: Data, spec: str) -> dict[str, Any]:
    images = {part: len(getattr(data, part)) for part in ("train", "val", "test")}
    return {
        "name": data.name,
        "spec": spec,
        "digest": data.digest,
        "seed": SPLIT,
        "classes": list(data.classes),
        "images": images,
    }


def _check_folder(folder: Path, definition: Definition) -> None:
    """The folder must hold this study, be empty, or be one that can be made."""
    if (folder / layout.STUDY).is_file():
        check_same(folder, read_definition(folder), definition)
    elif folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; a study needs a folder")
    elif folder.is_dir() and any(path.name != layout.LOCK and path.suffix != ".tmp" for path in folder.iterdir()):
        raise UserError(f"{folder} is not empty and holds no study")
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise UserError(f"{folder} cannot be written: no permission in {nearest}")
