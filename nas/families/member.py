"""Networks to be trained beside each other, and the recipe that each is trained by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nas.training.recipe import Recipe
from nas.training.tables import RATE_EXPONENTS
from scaling.growth import grown
from search_spaces import Architecture, cost
from search_spaces.network.cost import FLOAT32

MIN_BATCH = 8
HELD = 2  # a step holds each activation and its gradient


@dataclass(frozen=True)
class Member:
    """A network with a name of its own. ``labels`` are what tells it from the others, as texts: rule, factor, φ."""

    name: str
    architecture: Architecture
    recipe: Recipe
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)


def grown_recipe(recipe: Recipe, base: Architecture, network: Architecture, memory: int | None = None) -> Recipe:
    """The recipe of ``base`` for a network scaled from it: regularised more and longer by
    :data:`scaling.growth.GROWTH`; its batch halved, and its rate with it, until the activations of a step and their
    gradients take ``memory`` bytes at most, down to 8 images."""
    ratio = cost(network).macs / cost(base).macs
    changes = grown(recipe.to_data(), ratio)
    batch, image = recipe.batch, HELD * FLOAT32 * cost(network).activations
    while memory is not None and batch * image > memory and batch % 2 == 0 and batch > MIN_BATCH:
        batch //= 2
    if batch != recipe.batch:
        factor = (batch / recipe.batch) ** RATE_EXPONENTS[recipe.optimiser]
        changes |= {"batch": batch, "lr": recipe.lr * factor}
    return replace(recipe, name=f"{recipe.name} for {ratio:.3g} × base", **changes) if changes else recipe  # type: ignore[arg-type]
