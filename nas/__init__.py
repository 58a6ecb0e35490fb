"""Search a convolutional image classifier under a compute budget, train it, and report.

Importing this sets ``OMP_WAIT_POLICY=PASSIVE`` unless it is set or torch is loaded already: see :mod:`nas.machine`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nas.machine import let_threads_sleep
from nas.search import search  # at once: the module of the same name must not take its place

# The public functions, and the modules that they are imported from when first asked for: torch takes seconds.
FUNCTIONS = {
    "build": "nas.module.by_name",
    "copy_weights": "nas.module.by_name",
    "evaluate": "nas.training.inference",
    "export": "nas.module.export",
    "load_data": "nas.data.by_name",
    "load_network": "nas.module.loading",
    "measure": "nas.module.by_name",
    "predict": "nas.training.inference",
    "train": "nas.training.by_name",
}

__all__ = ["search", *FUNCTIONS]

let_threads_sleep()


def __getattr__(name: str) -> Any:
    if name not in FUNCTIONS:
        raise AttributeError(f"module 'nas' has no attribute {name!r}")
    return getattr(import_module(FUNCTIONS[name]), name)
