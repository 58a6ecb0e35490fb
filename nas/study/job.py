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
    from nas.training.key import key
    from nas.training.settings import Settings, trained_network

    data, recipe, settings = plan.data, plan.recipe, Settings(**_accumulated(definition.settings, accumulate))
    classes = len(data.classes)
    return lambda a: key(trained_network(a, recipe, settings.image_size, classes), recipe, settings, data)


def _accumulated(settings: Mapping[str, Any], accumulate: int) -> dict[str, Any]:
    return {**settings, "accumulate": settings.get("accumulate", 1) * accumulate} if accumulate > 1 else dict(settings)


def task_of(plan: Plan, definition: Definition) -> Callable[[Architecture, int, int], dict[str, Any]]:
    """A job's task. All candidates see the images in one order; each replicate has an order of its own."""
    settings, question = _settings_of(definition), definition.question
    images = _images_of(plan)

    def task(architecture: Architecture, replicate: int, accumulate: int = 1) -> dict[str, Any]:
        return {
            "architecture": to_data(architecture),
            "blocks": question.blocks,
            "recipe": definition.recipe,
            "settings": _accumulated(settings, accumulate),
            **images,
            "order": derive(question.seed, "order", replicate),
        }

    return task


def evaluation_of(plan: Plan, definition: Definition, split: str) -> dict[str, Any]:
    """The task of evaluating a checkpoint on a split, as :func:`nas.study.trainer.evaluate` takes it."""
    blocks = definition.question.blocks
    return {"split": split, "blocks": blocks, "settings": _settings_of(definition), **_images_of(plan)}


def _settings_of(definition: Definition) -> dict[str, Any]:
    """The study's settings, for a process that sees one GPU only."""
    settings = dict(definition.settings)
    if str(settings.get("device")).startswith("cuda"):
        settings["device"] = "cuda"
    return settings


def _images_of(plan: Plan) -> dict[str, Any]:
    data = plan.definition.data or {}
    return {"data": data.get("spec"), "data_seed": data.get("seed", 0)}
