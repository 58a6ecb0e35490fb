"""Search a convolutional image classifier under a compute budget, train it, and report."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "build": "nas.module.network",
    "copy_weights": "nas.module.copying",
    "measure": "nas.module.measures",
    "search": "nas.study.search",
    "train": "nas.training",
}

__all__ = ["build", "copy_weights", "measure", "search", "train"]


def __getattr__(name: str) -> Any:
    """The public functions, imported when first asked for: torch takes seconds."""
    if name not in _WHERE:
        raise AttributeError(f"module 'nas' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
