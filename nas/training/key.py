"""What names a training: told without torch, since the driver of a study asks it for every candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nas.training.recipe import Recipe
from nas.training.settings import Settings
from search_spaces import Architecture
from search_spaces.network.digest import training_key

if TYPE_CHECKING:
    from nas.data.dataset import Data
    from nas.training.start import Start


def key(network: Architecture, recipe: Recipe, settings: Settings, data: Data, start: Start | None = None) -> str:
    """Key of a training but for its seeds; ``network`` is the one that is trained
    (:func:`~nas.training.settings.trained_network`)."""
    facts = {"recipe": recipe.digest, "data": data.digest, **settings.facts()}
    if start is not None:
        facts["start"] = start.digest
    return training_key(network, facts, dropout=recipe.dropout, drop_path=recipe.drop_path)
