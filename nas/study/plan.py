"""From a question to a plan: everything is checked here, and nothing is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.data.by_name import load_data
from nas.storage import layout
from nas.storage.versions import installed_versions
from nas.study.definition import Definition, check_same, read_definition
from nas.study.deployment import deployed_space
from nas.study.evaluator import evaluator_identity
from nas.study.objectives import MAXIMIZE, MNAS, PARETO, SCORE
from nas.study.options import from_options
from nas.study.propose.samplers import SAMPLERS
from nas.study.question import Question
from nas.study.tiers import LATENCY, split_series
from nas.training.recipes import recipe_of
from nas.training.sizing import Sized, for_data, search_size, sized
from search_spaces import Budget, Space, least, within
from search_spaces.counting.preflight import check_feasible
from search_spaces.errors import UserError
from search_spaces.files.codec import to_data

if TYPE_CHECKING:
    from nas.data.dataset import Data
    from nas.training.recipe import Recipe
    from search_spaces.counting.feasible import Feasible

SPLIT = 0  # seed of the split: all studies on some data share it, whatever their own seed
Evaluate = Callable[..., Any]


@dataclass(frozen=True)
class Plan:
    """A study that could be run: its definition, what that means as values, and where it would lie. ``smaller`` is what
    lies within each of the smaller budgets of a series."""

    folder: Path
    definition: Definition
    space: Space
    budgets: tuple[Budget, ...]
    feasible: Feasible
    data: Data | None
    sized: Sized | None
    evaluate: Evaluate | None
    smaller: tuple[Feasible, ...] = ()

    @property
    def recipe(self) -> Recipe | None:
        """How candidates are trained, None under the user's own evaluator."""
        return self.sized.recipe if self.sized else None

    @property
    def search_size(self) -> int:
        """Image size in pixels at which candidates are trained."""
        side = self.definition.image_size
        return search_size(self.sized.recipe, side, self.data) if self.sized and self.data else side

    @property
    def question(self) -> Question:
        return self.definition.question

    @property
    def latency_budgets(self) -> tuple[Budget, ...]:
        """The budgets of latency, which ``feasible`` leaves out."""
        return tuple(budget for budget in self.budgets if budget.metric == LATENCY)

    @property
    def exists(self) -> bool:
        return (self.folder / layout.STUDY).is_file()


def plan(
    space: Space | str | None,
    budgets: str | Budget | Iterable[str | Budget] = (),
    *,
    out: Path | str | None = None,
    evaluate: Evaluate | None = None,
    evaluator_name: str | None = None,
    **options: Any,
) -> Plan:
    """Check a search's arguments (see :func:`nas.search.search`); ``options`` are those of :class:`Question`. Raises
    UserError; writes nothing."""
    several, smaller = split_series((budgets,) if isinstance(budgets, str | Budget) else budgets)
    asked = {"space": space, "budgets": several, "smaller_budgets": smaller, **options}
    question: Question = from_options(Question, asked, known=("out", "evaluate", "evaluator_name"))
    question = _ranked(question, evaluate is not None)
    limits = question.limits
    recipe = recipe_of(question.search_recipe)
    data = load_data(question.data, SPLIT) if evaluate is None else None
    sizes = sized(for_data(recipe, data), len(data.train), epochs=question.epochs) if data else None
    opened = deployed_space(question, limits, data)
    counted = [budget for budget in limits if budget.metric != LATENCY]
    nested = [within(opened, *counted, *([tier.budget] if tier.budget else [])) for tier in question.tiers]
    for feasible in nested:
        check_feasible(feasible)
    if data and sizes:
        side = search_size(sizes.recipe, opened.architecture.image_size, data)
        _check_trainable(opened, sizes.recipe, side, len(data.classes))
    definition = Definition(
        question=question,
        name=opened.name,
        space=to_data(opened),
        budgets=tuple(map(str, limits)),
        image_size=opened.architecture.image_size,
        classes=opened.architecture.classes,
        data=_described(data, question.data) if data else None,
        evaluator=evaluator_identity(evaluate, evaluator_name) if evaluate is not None else None,
        recipe=sizes.recipe.to_data() if sizes else None,
        versions=installed_versions(),
    )
    folder = Path(out) if out else definition.default_folder()
    _check_folder(folder, definition)
    return Plan(folder, definition, opened, limits, nested[0], data, sizes, evaluate, tuple(nested[1:]))


def _ranked(question: Question, evaluated: bool) -> Question:
    """The question with the objective that it means: a score of any scale is only the user's own evaluator's."""
    settled = question.of_evaluator() if evaluated else _of_training(question)
    if question.objective == MNAS and "macs" not in dict(settled.goal.limits):
        raise UserError(f"{MNAS} weighs MACs against a budget of FLOPs: name one, such as 400MFLOPs", "objective")
    if question.objective == MNAS and question.direction != MAXIMIZE:
        raise UserError(f"{MNAS} multiplies a score that is to be maximised", "direction")
    if settled.goal.is_several and settled.pruner != "none":
        raise UserError(f"under {PARETO} every training runs to its end: none, not {settled.pruner}", "pruner")
    if settled.goal.is_several and settled.smaller_budgets:
        raise UserError(
            f"a series of budgets gets a base each, and {PARETO} a front: name the largest alone", "budgets"
        )
    if settled.goal.is_several and not SAMPLERS[str(settled.sampler)].ranks_several:
        able = ", ".join(name for name, sampler in SAMPLERS.items() if sampler.ranks_several)
        raise UserError(f"{settled.sampler} ranks by one number; under {PARETO} use {able}", "sampler")
    return settled


def _of_training(question: Question) -> Question:
    if question.objective == SCORE:
        raise UserError(f"{SCORE} is what your own evaluator returns: search(…, evaluate=…)", "objective")
    if question.direction != MAXIMIZE:
        raise UserError("is for the score of your own evaluator: search(…, evaluate=…)", "direction")
    return question.of_training()


def _check_trainable(space: Space, recipe: Recipe, image_size: int, classes: int) -> None:
    """Every head must take the image size of the training."""
    from nas.training.settings import trained_network

    smallest = least(space)
    for shared in space.shared_assignments():
        for _, head in space.tree.fields["head"].every(shared):
            trained_network(replace(smallest, head=head), recipe, image_size, classes)


def _described(data: Data, spec: str) -> dict[str, Any]:
    images = {part: len(getattr(data, part)) for part in ("train", "val", "test")}
    return {
        "name": data.name,
        "spec": spec,
        "digest": data.digest,
        "seed": SPLIT,
        "classes": list(data.classes),
        "images": images,
        "image_size": data.image_size,
        "notes": list(data.notes),
    }


def _check_folder(folder: Path, definition: Definition) -> None:
    """The folder must hold this study, be empty, or be one that can be made."""
    if (folder / layout.STUDY).is_file():
        check_same(folder, read_definition(folder), definition)
        if (folder / layout.RECORDS).exists() and not (folder / layout.LOG).exists():
            raise UserError(f"{folder} has {layout.RECORDS} but no {layout.LOG}: put it back, or use another folder")
    elif folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; a study needs a folder")
    elif folder.is_dir() and any(path.name != layout.LOCK and path.suffix != ".tmp" for path in folder.iterdir()):
        raise UserError(f"{folder} is not empty and holds no study")
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(f"{folder} cannot be written: no permission in {existing}")
