"""A recipe made to measure: the image size of a search, and batch, rate and epochs for a number of images."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nas.training.recipe import Recipe
from nas.training.tables import RATE_EXPONENTS

if TYPE_CHECKING:
    from nas.data.dataset import Data

MIN_BATCH = 16  # images; below it norms estimate little, and steps cost more than they bring


@dataclass(frozen=True)
class Sized:
    """A recipe for a number of images: ``recipe`` has the rate that goes with ``batch`` images a step, of which
    ``steps`` make each of the ``epochs``."""

    recipe: Recipe
    epochs: int
    batch: int
    steps: int

    def __str__(self) -> str:
        is_short = self.recipe.of_length(self.epochs) != self.recipe
        note = f", images not shifted below {self.recipe.crop_from} epochs" if is_short else ""
        return (
            f"recipe {self.recipe.name}: {self.epochs} epoch{'s' if self.epochs > 1 else ''} of {self.steps:,} steps, "
            f"batch {self.batch}, rate {self.recipe.lr:.3g}{note}"
        )


def sized(recipe: Recipe, images: int, *, epochs: int | None = None, batch: int | None = None, share: int = 1) -> Sized:
    """The recipe for so many training ``images``: where they make fewer than its ``min_steps`` in all, the batch is
    halved, down to 16 images, and then there are more epochs.

    The rate follows the batch: in proportion for sgd (Goyal et al. 2017), by its root for the others (Malladi et al.
    2022). ``epochs`` and ``batch`` stand where they are given; with a given batch the rate stays. ``share`` is what a
    batch must be a multiple of.
    """
    chosen, length = batch or recipe.batch, epochs or recipe.epochs
    while batch is None and _steps(images, chosen) * length < recipe.min_steps and _may_halve(chosen, share):
        chosen //= 2
    steps = _steps(images, chosen)
    if epochs is None:
        length = max(length, math.ceil(recipe.min_steps / steps))
    factor = 1.0 if batch else (chosen / recipe.batch) ** RATE_EXPONENTS[recipe.optimiser]
    return Sized(replace(recipe, lr=recipe.lr * factor), length, chosen, steps)


def _steps(images: int, batch: int) -> int:
    """Whole batches in an epoch; what is left waits for another."""
    return max(1, images // batch)


def _may_halve(batch: int, share: int) -> bool:
    return batch % (2 * share) == 0 and batch // 2 >= MIN_BATCH


def search_size(recipe: Recipe, deployment: int, data: Data) -> int:
    """Image size in pixels at which candidates are trained: the recipe's, never above that of deployment; and never
    above that of the images where the recipe keeps maps large by dropping strides, so that none are invented."""
    sides = [deployment, recipe.image_size or deployment, *([data.image_size] if recipe.min_map else [])]
    return min(sides)


def mirror_lines(recipe: Recipe, spec: str) -> list[str]:
    """What to say where images of the user's own are mirrored, which nobody knows to be right."""
    if not recipe.flip or ":" not in spec:
        return []
    return ["images are mirrored at random; where that changes what they show (text, hands): --set flip=false"]


def for_data(recipe: Recipe, data: Data) -> Recipe:
    """The recipe without what would destroy the labels of these data."""
    return recipe if data.mirrors or not recipe.flip else replace(recipe, flip=False)
