"""What a candidate becomes when it is trained: its key, and the plain data of its job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nas.study.plan import Plan
from nas.study.question import Definition
from nas.study.seeds import derive
from search_spaces import Architecture
from search_spaces.files.codec import to_data
from search_spaces.network.digest import training_key


def key_of(made: Plan, definition: Definition) -> Callable[[Architecture], str]:
    """What names a training but for its seed."""
    if made.data is None or made.recipe is None:
        return lambda architecture: training_key(architecture, {"evaluator": definition.evaluator})
    from nas.training.loop import key
    from nas.training.settings import Settings, proxy

    data, how, fixed = made.data, made.recipe, Settings.from_data(definition.settings)
    return lambda a: key(proxy(a, how, fixed.image_size, len(data.classes)), how, fixed, data)


def task_of(made: Plan, definition: Definition) -> Callable[[Architecture, int], dict[str, Any]]:
    """A job's task. All candidates see the images in one order; each replicate has an order of its own."""

    settings = dict(definition.settings)
    if str(settings.get("device")).startswith("cuda"):
        settings["device"] = "cuda"  # each worker sees one GPU only

    def task(architecture: Architecture, replicate: int) -> dict[str, Any]:
        return {
            "architecture": to_data(architecture),
            "blocks": definition.blocks,
            "recipe": definition.recipe,
            "settings": settings,
            "data": made.definition.data["spec"] if made.definition.data else None,
            "data_seed": made.definition.data["seed"] if made.definition.data else 0,
            "order": derive(definition.seed, "order", replicate),
        }

    return task
