"""The commands of a trial's card: what writes its network to a file, and what trains that as the study did."""

from __future__ import annotations

import json
import shlex
from functools import lru_cache
from typing import Any

from nas.study import Record, Study
from nas.training.recipe import Recipe
from nas.training.recipes import RECIPES
from nas.training.settings import trained_network
from search_spaces import Architecture
from search_spaces.errors import UserError

FILE = "trial-{trial}.yaml"
SIZE = "{size}"


def commands(study: Study) -> str:
    """A line that writes the network of trial ``{trial}`` to a file, and one that trains it as the study did, but for
    the order of the images: at ``{size}`` pixels, with the random seed ``{seed}``, and ``{further}`` options. Under the
    user's own evaluator, and for a recipe that is not known here, the second line tells what the network costs."""
    write = f"nas report {shlex.quote(str(study.folder))} --trial {{trial}} --out {FILE}"
    words = _training(study)
    return f"{write}\n{' '.join(words) if words else f'nas cost {FILE} --layers'}"


def commands_of(study: Study, record: Record, network: Architecture | None) -> str:
    """The same lines of one trial, whose ``network`` is known."""
    values = {
        "trial": record.trial,
        "size": study.size_of(record),
        "seed": record.seed or 0,
        "further": further_options(study, record, network),
    }
    text = commands(study)
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def further_options(study: Study, record: Record, network: Architecture | None) -> str:
    """What the training of one trial needs beyond that of the others: strides that the search dropped to keep its maps
    large, and gradient accumulation steps."""
    recipe = _recipe(study)
    if recipe is None:
        return ""
    options = [f" --accumulate {record.accumulate}"] if record.accumulate > 1 else []
    size = study.size_of(record)
    if network is not None and recipe.min_map and size < network.image_size:
        trained = trained_network(network, recipe, size, network.classes)
        dropped = _strides(network) - _strides(trained)
        options += [f" --set drop_strides={dropped}"] if dropped != recipe.drop_strides else []
    return "".join(options)


def _training(study: Study) -> list[str]:
    """The words of `nas train`; none where it cannot train so."""
    recipe, settings = _recipe(study), study.definition.settings
    if recipe is None:
        return []
    name, changes = nearest_recipe(recipe)
    options = [("data", study.question.data), ("recipe", name)]
    options += [("set", f"{field}={json.dumps(value)}") for field, value in changes.items()]
    options += [("image-size", SIZE)]
    options += [(name, str(settings[name])) for name in ("epochs", "batch", "device", "threads") if name in settings]
    options += [("dtype", settings["dtype"])] if settings.get("dtype", "float32") != "float32" else []
    options += [("blocks", study.question.blocks)] if study.question.blocks else []
    words = [f"--{name} {value if value == SIZE else shlex.quote(value)}" for name, value in options]
    return ["nas train", FILE, *words, "--seed {seed}{further}"]


def nearest_recipe(recipe: Recipe) -> tuple[str, dict[str, Any]]:
    """The ready recipe that needs the fewest changes to be this one, and these by their fields."""
    changes = {name: _changes(ready, recipe) for name, ready in RECIPES.items()}
    name = min(changes, key=lambda name: len(changes[name]))
    return name, changes[name]


def _changes(ready: Recipe, recipe: Recipe) -> dict[str, Any]:
    one, other = ready.to_data(), recipe.to_data()
    return {field: value for field, value in other.items() if field != "name" and value != one[field]}


def _recipe(study: Study) -> Recipe | None:
    """How candidates were trained; None where nothing was, and for fields of a newer release."""
    return _read_recipe(json.dumps(study.definition.recipe))


@lru_cache(maxsize=4)
def _read_recipe(text: str) -> Recipe | None:
    try:
        data = json.loads(text)
        return Recipe.from_data(data) if data else None
    except UserError:
        return None


def _strides(network: Architecture) -> int:
    return sum(row.stride > 1 for row in (*network.stem, *network.stages))
