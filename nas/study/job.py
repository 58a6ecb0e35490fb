"""What a candidate becomes when it is trained: its key, and the plain data of its job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nas.study.definition import Definition
from nas.study.plan import Plan
from nas.study.seeds import derive
from search_spaces import Architecture
from search_spaces.files.codec import to_data
from search_spaces.network.digest import training_key


def key_of(plan: Plan, definition: Definition, accumulate: int = 1) -> Callable[[Architecture], str]:
    """What names a training but for its seed; in ``accumulate`` times as many gradient accumulation steps."""
    if plan.data is None or plan.recipe is None:
        name = str(definition.evaluator).partition("#")[0]
        return lambda architecture: training_key(architecture, {"evaluator": name})
    from nas.training.loop import key
    from nas.training.settings import Settings, trained_network

    data, recipe, settings = plan.data, plan.recipe, Settings(**_accumulated(definition.settings, accumulate))
    classes = len(data.classes)
    return lambda a: key(trained_network(a, recipe, settings.image_size, classes), recipe, settings, data)


def _accumulated(settings: Mapping[str, Any], accumulate: int) -> dict[str, Any]:
    return {**settings, "accumulate": settings.get("accumulate", 1) * accumulate} if accumulate > 1 else dict(settings)


def task_of(plan: Plan, definition: Definition) -> Callable[[Architecture, int, int], dict[str, Any]]:
    """A job's task. All candidates see the images in one order; each replicate has an order of its own."""
    settings = dict(definition.settings)
    if str(settings.get("device")).startswith("cuda"):
        settings["device"] = "cuda"  # each worker sees one GPU only
    data, question = plan.definition.data or {}, definition.question

    def task(architecture: Architecture, replicate: int, accumulate: int = 1) -> dict[str, Any]:
        return {
            "architecture": to_data(architecture),
            "blocks": question.blocks,
            "recipe": definition.recipe,
            "settings": _accumulated(settings, accumulate),
            "data": data.get("spec"),
            "data_seed": data.get("seed", 0),
            "order": derive(question.seed, "order", replicate),
        }

    return task
