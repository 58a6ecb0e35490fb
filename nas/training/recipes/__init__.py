"""The recipes by name, each a file to read, copy and change; ``measured`` in it says what it gave, and where."""

from __future__ import annotations

from pathlib import Path

from nas.training.recipe import Recipe
from search_spaces.errors import UserError, did_you_mean
from search_spaces.files.codec import read

NAMES = ("proxy", "plain", "efficientnet", "modern")

_FILES = {name: read(Path(__file__).with_name(f"{name}.yaml")) for name in NAMES}

MEASURED: dict[str, str] = {name: fields.pop("measured") for name, fields in _FILES.items()}

RECIPES: dict[str, Recipe] = {name: Recipe.from_data({"name": name, **fields}) for name, fields in _FILES.items()}


def recipe_of(recipe: str | Recipe) -> Recipe:
    """The recipe of that name, or the one that it is; raises UserError that lists the names."""
    if isinstance(recipe, Recipe):
        return recipe
    if recipe not in RECIPES:
        raise UserError(f"unknown recipe {recipe!r}{did_you_mean(recipe, RECIPES)}; known are {', '.join(RECIPES)}")
    return RECIPES[recipe]
