"""A training from names: what ``nas.train`` and ``nas train`` do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nas.data.by_name import load_data
from nas.data.dataset import Data
from nas.machine import cores
from nas.module.dtypes import DTYPES
from nas.module.loading import load_architecture, weights_file
from nas.training.distributed import joined, processes, together, world
from nas.training.recipe import MAX_BATCH, MAX_EPOCHS, Recipe
from nas.training.recipes import default_recipe, recipe_of
from nas.training.run_folder import OnEpoch, run
from nas.training.settings import device_of, settings_for
from nas.training.sizing import for_data, sized
from nas.training.stored_recipe import stored_recipe
from nas.training.tables import NO_TTA, TTA
from nas.training.training import Training
from search_spaces import Architecture
from search_spaces.errors import UserError, did_you_mean
from search_spaces.network.architecture import MAX_SIDE
from search_spaces.values import Check, KeyRule, an_integer, checked, one_of

SETTINGS: dict[str, Check] = {
    "epochs": an_integer(most=MAX_EPOCHS),
    "image_size": an_integer(most=MAX_SIDE),
    **dict.fromkeys(("batch", "accumulate"), an_integer(most=MAX_BATCH)),
    "dtype": one_of(*DTYPES),
    **dict.fromkeys(("compile", "deterministic", "sync_bn"), bool),
}
"""What a training may be told beside its recipe (:class:`nas.training.settings.Settings`), and the rule of each."""


def train(
    network: str | Path | Architecture,
    data: str | Data,
    recipe: str | Recipe | None = None,
    *,
    out: str | Path | None = None,
    device: str = "auto",
    resume: bool = False,
    on_epoch: OnEpoch | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Train a network on data by a recipe, in the folder ``out`` (by default one under ``runs/``); the same call goes
    on where an earlier one stopped. Returns the summary, as in ``summary.json``: ``["test"]["top1"]`` and others.

    ``network`` is a known network, a file, the folder of a study (its base) or of a training, or an architecture;
    ``data`` a name such as ``folder:photos``, or :class:`nas.data.dataset.Data`; ``recipe`` a name, a
    file or a :class:`nas.training.recipe.Recipe`, by default that in the network's file, or else the best known for the
    epochs (:func:`nas.training.recipes.default_recipe`). ``options`` are those of :func:`training_of` (seed, weights,
    freeze, blocks, tta, threads) and of SETTINGS (epochs, image_size, batch, accumulate, dtype, compile, deterministic,
    sync_bn). ``on_epoch(epoch, metrics)`` is called after each epoch. With ``resume`` there must be something to
    resume. Raises UserError for a wrong argument and for a folder that holds something else, TrainingFailed where the
    loss is not finite. The loop alone, without a folder, is :func:`nas.training.loop.train`.
    """
    with joined(device_of(device)) as joined_device:
        training, folder = training_of(network, data, recipe, device=joined_device, out=out, **options)
        return run(training, folder, resume=resume, on_epoch=on_epoch)


def training_of(
    network: str | Path | Architecture,
    data: str | Data,
    recipe: str | Recipe | None,
    *,
    device: str,
    out: str | Path | None = None,
    threads: int | None = None,
    seed: int = 0,
    weights: str | Path | None = None,
    freeze: Sequence[str] = (),
    blocks: str | None = None,
    tta: str = NO_TTA,
    **settings: Any,
) -> tuple[Training, Path]:
    """The training that these names mean, and its folder: ``out``, or one under ``runs/``.

    ``device`` is torch's name of one; ``seed`` draws weights, order and augmentation; the file ``weights`` is what it
    begins with, whose scopes ``freeze`` stay as they are; ``blocks`` is a module of further blocks; ``tta`` is the
    test-time augmentation of the evaluation at the end (:data:`nas.training.tables.TTA`). ``settings`` are those of
    SETTINGS. ``threads`` are by default those that the training in the folder began with, else one or all of
    this process's share of the cores, as measured, on a GPU 1. The recipe is made to measure for the images
    (:func:`nas.training.sizing.sized`). Raises UserError with the name of the option, its rule and the value.
    """
    settings = _checked(settings)
    recipe = stored_recipe(network) if recipe is None else recipe
    if recipe is None:
        recipe, settings["epochs"] = default_recipe(settings.get("epochs"))
    name, architecture = (
        ("network", network) if isinstance(network, Architecture) else load_architecture(network, blocks)
    )
    images = _loaded(data) if isinstance(data, str) else data
    epochs, batch, side = (settings.pop(field, None) for field in ("epochs", "batch", "image_size"))
    parts = processes() * settings.get("accumulate", 1)
    share = 2 * parts if parts > 1 else 1
    size = sized(for_data(recipe_of(recipe), images), len(images.train), epochs=epochs, batch=batch, share=share)
    chosen = settings_for(
        size.recipe,
        device.partition(":")[0] if processes() > 1 else device,
        epochs=size.epochs,
        batch=size.batch,
        threads=checked(_positive, threads, "threads") or (1 if device.startswith("cuda") else cores()),
        processes=processes(),
        **settings,
    )
    training = Training(
        name=name,
        architecture=architecture.at(side),
        data=images,
        spec=data if isinstance(data, str) else data.name,
        recipe=size.recipe,
        settings=chosen,
        seed=checked(an_integer(0), seed, "seed"),
        weights=None if weights is None else weights_file(weights, name),
        freeze=tuple(freeze),
        blocks=blocks,
        tta=checked(KeyRule(TTA), tta, "tta"),
    )
    folder = training.default_folder() if out is None else Path(out)
    return training if threads else training.settled(folder), folder


def _positive(value: Any) -> int | None:
    """Rule: an integer of at least 1, or None for what is chosen without."""
    return None if value is None else int(an_integer()(value))


def _checked(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that were given, in their normal form."""
    for name in settings:
        if name not in SETTINGS:
            raise UserError(f"unknown option {name!r}{did_you_mean(name, SETTINGS)}")
    return {name: checked(SETTINGS[name], value, name) for name, value in settings.items() if value is not None}


def _loaded(spec: str) -> Data:
    """The first process downloads and decodes; the others then read what it left."""
    if not world().leads:
        together()
    data = load_data(spec)
    if world().leads:
        together()
    return data
