"""The recipes by name, each a file to read, copy and change; ``measured`` in it says what it gave, and where."""

from __future__ import annotations

from pathlib import Path

from nas.training.recipe import Recipe
from search_spaces.errors import UserError, did_you_mean
from search_spaces.files.codec import read
from search_spaces.known.load import SUFFIXES

SHORT, LONG = "fast", "modern"
SHORT_EPOCHS = 32  # of a training of which nothing is said
LONG_EPOCHS = 40  # from which LONG is ahead: benchmarks/recipes.md

NAMES = ("proxy", "fast", "muon", "plain", "efficientnet", "modern")

_FILES = {name: read(Path(__file__).with_name(f"{name}.yaml")) for name in NAMES}

MEASURED: dict[str, str] = {name: fields.pop("measured") for name, fields in _FILES.items()}

RECIPES: dict[str, Recipe] = {name: Recipe.from_data({"name": name, **fields}) for name, fields in _FILES.items()}


def default_recipe(epochs: int | None) -> tuple[Recipe, int]:
    """The recipe and the epochs of a training whose recipe is not named: the best that is known for its length."""
    if epochs is None:
        return RECIPES[SHORT], SHORT_EPOCHS
    return RECIPES[LONG if epochs >= LONG_EPOCHS else SHORT], epochs


def recipe_of(recipe: str | Path | Recipe) -> Recipe:
    """The recipe of that name, that of a YAML or JSON file of a recipe's fields, or the one that it is.

    Raises UserError that lists the names, or says what is wrong with the file.
    """
    if isinstance(recipe, Recipe):
        return recipe
    if recipe in RECIPES:
        return RECIPES[str(recipe)]
    path = Path(recipe)
    if path.suffix in SUFFIXES or path.is_file():
        fields = {name: value for name, value in read(path).items() if name != "measured"}
        return Recipe.from_data({"name": path.stem, **fields})
    near = did_you_mean(str(recipe), RECIPES)
    raise UserError(f"unknown recipe {str(recipe)!r}{near}; it must be one of {', '.join(RECIPES)}, or a YAML file")
