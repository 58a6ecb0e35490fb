"""Which executors there are, and how each is made for a study."""

from __future__ import annotations

from collections.abc import Callable

from nas.study.definition import Definition
from nas.study.executors.evaluated import Calls
from nas.study.executors.inline import Inline
from nas.study.executors.local import Local, environments
from nas.study.executors.protocol import Executor
from nas.study.plan import Plan
from search_spaces.errors import UserError
from search_spaces.files.outside import outside_blocks

Make = Callable[[Plan, Definition, int | str, int], Executor]


def local(plan: Plan, definition: Definition, workers: int | str, trials: int) -> Executor:
    """Processes of this machine: one per GPU, or several on the CPU."""
    if plan.evaluate is not None:
        raise UserError("the executor local trains networks; your evaluator runs inline")
    return Local(environments(definition.settings, workers, trials), plan.folder)


def inline(plan: Plan, definition: Definition, workers: int | str, trials: int) -> Executor:
    """The user's evaluator, one call at a time in this process."""
    if plan.evaluate is None:
        raise UserError("the executor inline needs an evaluator: search(…, evaluate=…)")
    return Inline(Calls(plan.evaluate, outside_blocks(definition.question.blocks)))


EXECUTORS: dict[str, Make] = {
    "local": local,
    "inline": inline,
}
"""Name to ``make(plan, definition, workers, trials)``. A new executor is one file and one line; it must pass the
contract test."""


def executor_of(name: str, plan: Plan, definition: Definition, workers: int | str, trials: int) -> Executor:
    """The executor of this name; ``auto`` is inline for an evaluator, else local."""
    automatic = "local" if plan.evaluate is None else "inline"
    return EXECUTORS[automatic if name == "auto" else name](plan, definition, workers, trials)
