"""The recipe that comes with a network, as a scaled one's file has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nas.training.recipe import Recipe
from search_spaces import Architecture
from search_spaces.errors import UserError
from search_spaces.files.codec import read


def stored_recipe(network: str | Path | Architecture) -> Recipe | None:
    """The recipe in the file of a network; None where there is no file, or none in it. Raises UserError for a wrong
    one, with the name of the file."""
    path = None if isinstance(network, Architecture) else Path(network)
    if path is None or not path.is_file():
        return None
    fields: Any = read(path).get("recipe")
    if not isinstance(fields, dict):
        return None
    try:
        return Recipe.from_data({"name": path.stem, **fields})
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
