"""Training: recipes, settings and one loop."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nas.training.recipe import Recipe
from nas.training.recipes import RECIPES, recipe

_WHERE = {
    "Result": "nas.training.loop",
    "Settings": "nas.training.settings",
    "TrainingFailed": "nas.training.loop",
    "final_evaluation": "nas.training.final_evaluation",
    "train": "nas.training.loop",
}

__all__ = ["RECIPES", "Recipe", "recipe", *_WHERE]


def __getattr__(name: str) -> Any:
    """What needs torch or scikit-learn is imported when first asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module 'nas.training' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
