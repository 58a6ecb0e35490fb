"""At which image size and for how many classes a study's budgets hold, and in which space where none was named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nas.data.by_name import DEMONSTRATION
from nas.data.dataset import Data
from nas.study.question import Question
from search_spaces import Budget, Space, least, load
from search_spaces.errors import UserError
from search_spaces.files.outside import outside_blocks
from search_spaces.network.cost import cost

DEFAULT_SPACES = ("mbconv", "mobile-small")
MOST = 224  # pixels


def deployed_space(question: Question, limits: Sequence[Budget], data: Data | None) -> Space:
    """The space of a study at its deployment: by default at the image size of the space, with the classes of the data
    (the demonstration keeps the space's own).

    Where no space was named it is the first of DEFAULT_SPACES with a network below every upper limit at
    :func:`proposed_size`, or the last one. Raises UserError for what is no space, and for a size that it cannot have.
    """
    classes = question.classes
    if classes is None and data is not None and question.data != DEMONSTRATION:
        classes = len(data.classes)
    if question.space is not None:
        return at_deployment(_opened(question), question.image_size, classes)
    side = question.image_size or (proposed_size(data.image_size) if data is not None else None)
    spaces = [at_deployment(load(name), side, classes) for name in DEFAULT_SPACES]
    return next((space for space in spaces if _may_fit(space, limits)), spaces[-1])


def proposed_size(side: int) -> int:
    """Deployment image size for images of ``side`` pixels: their own, so that nothing is resized, but at most 224."""
    return min(side, MOST)


def at_deployment(space: Space, image_size: int | None, classes: int | None) -> Space:
    """The space at another image size and for other classes; None keeps its own."""
    changes: dict[str, Any] = {"image_size": image_size, "classes": classes}
    changes = {name: value for name, value in changes.items() if value is not None}
    return replace(space, architecture=replace(space.architecture, **changes)) if changes else space


def deployment_lines(space: Space, question: Question, data: Data) -> list[str]:
    """What to say of the deployment: at what the budgets hold, and how to change what differs from the data."""
    side, classes = space.architecture.image_size, space.architecture.classes
    lines = [f"budgets hold at {side} px and {classes:,} classes"]
    if question.data == DEMONSTRATION:
        return lines
    if side != proposed_size(data.image_size) and question.image_size is None:
        lines[0] += f"; the images are {data.image_size} px: --image-size {proposed_size(data.image_size)} is theirs"
    if classes != len(data.classes) and question.classes is None:
        lines[0] += f"; the data have {len(data.classes)} classes: --classes {len(data.classes)}"
    if question.space is None:
        lines.append(f"no --space was named: {space.name} is the first of {', '.join(DEFAULT_SPACES)} that fits")
    return lines


def _opened(question: Question) -> Space:
    space = question.space
    value = load(space, blocks=outside_blocks(question.blocks)) if isinstance(space, str) else space
    if not isinstance(value, Space):
        raise UserError(f"{space} is a network, not a space: nothing in it is left open")
    return value


def _may_fit(space: Space, limits: Sequence[Budget]) -> bool:
    return all(
        budget.value(cost(least(space, budget.metric))) <= budget.high
        for budget in limits
        if budget.metric != "latency_ms"
    )
