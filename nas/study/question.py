"""What a study asks: every option stands here once. The Python call, the command line, ``study.yaml`` and the page read
it; a new option is one line."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from nas.data.by_name import DEMONSTRATION, FORMS
from nas.study.objectives import DIRECTIONS, MAXIMIZE, OBJECTIVES, SCORE, TOP1, Objective
from nas.study.options import a_text, anything, option
from nas.study.propose.samplers import SAMPLERS
from nas.study.pruners import PRUNERS
from nas.study.tiers import Tier, tiers_of
from nas.training.recipe import MAX_EPOCHS
from search_spaces.files.outside import BLOCKS_HELP
from search_spaces.values import KeyRule, Value, an_integer, one_of

if TYPE_CHECKING:
    from nas.training.recipe import Recipe
    from search_spaces import Budget, Space

ASKED, ANSWERED, RUN = "the question", "how it is answered", "where it runs"
_asked = partial(option, group=ASKED, read=str, compare=False)
_answered = partial(option, group=ANSWERED, read=str)
SPACE_HELP = "ready space or YAML/JSON file; by default the first of mbconv and mobile-small that fits"
BUDGET_HELP = "400MFLOPs, 5.3Mparams, 20MB, 64MBpeak, or a range 350..400MFLOPs; may be repeated"
DATA_HELP = f"{FORMS}; a folder has one folder for each class"
RECIPE_HELP = "how candidates are trained: a recipe's name or file; fast, in the demonstration proxy"
SAMPLER_HELP = "who proposes candidates: predictor, or nsga2 under pareto"
PRUNER_HELP = "who stops trainings before their end: halving, median under your own evaluator, none under pareto"
SMALLER_HELP = "budgets below the largest of a series, each with a base of its own; the largest first"
MAX_AGAIN = 1000  # retrained candidates, and seeds of each
AT_DEPLOYMENT = "for which the budget holds"


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(a_text, value))


@dataclass(frozen=True)
class Question(Value):
    """The options of a study. Raises UserError with the name of the option, its rule and the value.

    ``image_size`` (pixels) and ``classes`` are those of deployment, at which the budgets hold; None is the space's
    size and the data's classes.
    Space, budgets, data, recipe and sizes are compared by what they mean (:class:`nas.study.definition.Definition`).
    """

    space: str | Space = _asked(anything, None, SPACE_HELP, "NAME|FILE")
    budgets: tuple[str | Budget, ...] = _asked(anything, (), BUDGET_HELP, "B")
    data: str = _asked(a_text, DEMONSTRATION, DATA_HELP, "D")
    image_size: int | None = _asked(
        an_integer(), None, f"deployment image size (the space's), {AT_DEPLOYMENT}", "N", read=int
    )
    classes: int | None = _asked(an_integer(), None, f"deployment classes (the data's), {AT_DEPLOYMENT}", "N", read=int)
    sampler: str | None = _answered(KeyRule(SAMPLERS), None, SAMPLER_HELP)
    pruner: str | None = _answered(KeyRule(PRUNERS), None, PRUNER_HELP)
    objective: str = _answered(KeyRule(OBJECTIVES), TOP1, "what candidates are ranked by")
    direction: str = option(one_of(*DIRECTIONS), MAXIMIZE, "of your own evaluator's score", group=None)
    seed: int = _answered(an_integer(0), 0, "random seed of the study", "N", read=int)
    retrain: int = _answered(an_integer(0, MAX_AGAIN), 2, "train the K best again with other seeds", "K", read=int)
    seeds: int = _answered(an_integer(0, MAX_AGAIN), 2, "how many other seeds for each of these", "S", read=int)
    blocks: str | None = option(a_text, None, BLOCKS_HELP, "MODULE", group=ASKED, read=str)
    recipe: str | Recipe | None = _answered(anything, None, RECIPE_HELP, "R", compare=False)
    epochs: int | None = _answered(
        an_integer(most=MAX_EPOCHS), None, "epochs of each training, not the recipe's", "E", read=int
    )
    smaller_budgets: tuple[str, ...] = option(_texts, (), SMALLER_HELP, group=None)
    device: str = option(a_text, "auto", "auto, cpu, cuda or cuda:1", "D", group=RUN, read=str)

    @property
    def search_recipe(self) -> str | Recipe:
        """The recipe that was asked for, or the default: on the demonstration's tiny images a search of large networks
        takes minutes by proxy, and hours by fast."""
        return self.recipe or ("proxy" if self.data == DEMONSTRATION else "fast")

    kind = "question"
    tagged = False

    @property
    def goal(self) -> Objective:
        """What candidates are ranked by."""
        return Objective(self.objective, self.direction, upper_limits(self.budgets))

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """What gets a base each: all that is trained, and what fits each of the smaller budgets."""
        return tiers_of(self.smaller_budgets)

    @property
    def largest_budget(self) -> str:
        """The largest budget of a series, which is among those that hold for all."""
        metric = self.tiers[-1].budget.metric if self.tiers[-1].budget else None
        return str(min((b for b in self.limits if b.metric == metric), key=lambda budget: budget.high))

    @property
    def limits(self) -> tuple[Budget, ...]:
        """The budgets that hold for all."""
        from search_spaces import Budget

        return tuple(b if isinstance(b, Budget) else Budget.parse(b) for b in self.budgets)

    def of_training(self) -> Question:
        """The question as it is asked of trainings: the best go on from rung to rung, if no other pruner is named."""
        return self._settled("halving")

    def of_evaluator(self) -> Question:
        """The question as it is asked of the user's own evaluator: its score is the objective, and it is never called
        twice for one trial, if no other objective or pruner is named."""
        objective = SCORE if self.objective == TOP1 else self.objective
        return replace(self, objective=objective)._settled("median")

    def _settled(self, pruner: str) -> Question:
        """With the sampler and the pruner that are meant where none is named, for one number to rank by or several."""
        sampler, pruner = ("nsga2", "none") if self.goal.is_several else ("predictor", pruner)
        return replace(self, sampler=self.sampler or sampler, pruner=self.pruner or pruner)

    def stored(self) -> dict[str, Any]:
        """The options that ``study.yaml`` holds by their own names: those of the first release, and later ones that do
        not hold their default, so that an option that comes new changes no digest."""
        names = [f.name for f in STORED if f.name in EARLIEST or getattr(self, f.name) != f.default]
        return {name: getattr(self, name) for name in names}

    def wishes(self) -> dict[str, Any]:
        """What is wished for and settled by measuring when the study begins."""
        return {name: getattr(self, name) for name in WISHES}


@lru_cache(maxsize=8)
def upper_limits(budgets: tuple[str | Budget, ...]) -> tuple[tuple[str, float], ...]:
    """The least upper limit of each metric that is limited."""
    from search_spaces import Budget

    limits: dict[str, float] = {}
    for budget in (b if isinstance(b, Budget) else Budget.parse(b) for b in budgets):
        limits[budget.metric] = min(float(budget.high), limits.get(budget.metric, math.inf))
    return tuple(limits.items())


WISHES = ("device", "epochs")
EARLIEST = ("sampler", "pruner", "objective", "seed", "retrain", "seeds", "blocks")
STORED = tuple(f for f in fields(Question) if f.compare and f.name not in WISHES)
