"""Trained weights at work: what they get right on a split of a data set, and what they see in image files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nas.data.by_name import load_data
from nas.data.dataset import SPLITS, Data
from nas.data.image_files import listed
from nas.data.images import read_image
from nas.data.splits import Split
from nas.machine import usable_cores
from nas.module.classifier import load_classifier
from nas.module.files import Trained
from nas.module.loading import LoadedNetwork
from nas.module.onnx_network import OnnxNetwork
from nas.training.batches import Batches, normalised, statistics
from nas.training.cropped import cropped
from nas.training.evaluation import Evaluation
from nas.training.evaluation import evaluate as evaluate_module
from nas.training.recipe import Recipe
from nas.training.settings import Settings, autocast, settings_for
from nas.training.tables import NO_TTA
from nas.training.tta import tta_notes, with_tta
from search_spaces.errors import UserError

TEST_IS_FINAL = "the test split is for one final evaluation: what is chosen by it, it no longer judges fairly"
WORDNET = re.compile(r"n\d{8}")

Classifier = LoadedNetwork | OnnxNetwork


@dataclass(frozen=True)
class Evaluated:
    """The ``evaluation`` of a network by ``name`` on a ``split`` of ``data``; ``notes`` say what a reader of the
    numbers must know."""

    name: str
    data: str
    split: str
    device: str
    classes: tuple[str, ...]
    evaluation: Evaluation
    notes: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """Plain data: as :meth:`Evaluation.facts`, and what was evaluated."""
        about = {"name": self.name, "data": self.data, "split": self.split, "device": self.device}
        return about | self.evaluation.facts(self.classes)


@dataclass(frozen=True)
class Prediction:
    """``classes`` are (name, probability), the most likely first; none, and an ``error``, for an unreadable image."""

    image: Path
    classes: tuple[tuple[str, float], ...] = ()
    error: str | None = None

    def facts(self) -> dict[str, Any]:
        """Plain data."""
        rows = [{"class": name, "probability": probability} for name, probability in self.classes]
        return {"image": str(self.image), "classes": rows, "error": self.error}


def evaluate(
    source: str | Path,
    data: str | Data,
    *,
    weights: str | Path | None = None,
    split: str = "val",
    seed: int = 0,
    image_size: int | None = None,
    batch: int = 256,
    tta: str = NO_TTA,
    device: str = "auto",
    blocks: str | None = None,
) -> Evaluated:
    """Evaluate the trained network ``source`` (:func:`nas.load_network`, or an ONNX file of :func:`nas.export`) on a
    split, val, test or train, of ``data``.

    ``seed`` draws the splits of data that have none; ``image_size`` in pixels is by default that of the training;
    ``tta`` is the test-time augmentation, of :data:`nas.training.tables.TTA`. Raises UserError where weights, network
    and data do not fit together.
    """
    if split not in SPLITS:
        raise UserError(f"must be one of {', '.join(SPLITS)}, got {split!r}", "split")
    data = load_data(data, seed) if isinstance(data, str) else data
    loaded = load_classifier(source, weights, blocks, image_size=image_size, classes=len(data.classes))
    _check_classes(loaded, data)
    settings = _settings(loaded, device, batch)
    module = with_tta(loaded.module, tta).to(settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = _batches(loaded, data, split, settings.device)
    evaluation = evaluate_module(module, images, settings, len(data.classes), batch)
    notes = (*_notes(loaded, data, split), *tta_notes(tta))
    return Evaluated(loaded.name, data.name, split, settings.device, data.classes, evaluation, notes)


def predict(
    source: str | Path,
    images: str | Path | Sequence[str | Path],
    *,
    weights: str | Path | None = None,
    image_size: int | None = None,
    top: int = 5,
    batch: int = 32,
    tta: str = NO_TTA,
    device: str = "auto",
    blocks: str | None = None,
) -> list[Prediction]:
    """The ``top`` most likely classes of each image file, and of all images in each folder, of ``images``, by the
    trained network ``source`` (:func:`nas.load_network`, or an ONNX file of :func:`nas.export`), at ``image_size``
    pixels, by default those of the training, with the test-time augmentation ``tta``.

    Raises UserError where there are no weights, or nothing says their classes, and for a folder without an image.
    """
    network = load_classifier(source, weights, blocks, image_size=image_size)
    several = [images] if isinstance(images, str | Path) else images
    return list(predictions(network, listed(several).paths, top=top, batch=batch, tta=tta, device=device))


def predictions(
    network: Classifier,
    images: Sequence[str | Path],
    *,
    top: int = 5,
    batch: int = 32,
    tta: str = NO_TTA,
    device: str = "auto",
) -> Iterator[Prediction]:
    """As :func:`predict`, of files alone, one image after the other, ``batch`` of which are computed together."""
    trained = replace(known_classes(network), image_size=network.image_size)
    settings = _settings(network, device, batch)
    module = with_tta(network.module, tta).to(settings.device)
    with ThreadPoolExecutor(usable_cores()) as pool:
        for start in range(0, len(images), batch):
            paths = list(map(Path, images[start : start + batch]))
            results = list(pool.map(partial(_read, trained), paths))
            pixels = [result for result in results if not isinstance(result, str)]
            best = iter(_most_likely(module, pixels, trained, settings, top) if pixels else ())
            for path, result in zip(paths, results, strict=True):
                yield Prediction(path, error=result) if isinstance(result, str) else Prediction(path, next(best))


def known_classes(network: Classifier) -> Trained:
    """What the weights were trained as. Raises UserError where nothing says it."""
    if network.trained is None:
        raise UserError(
            f"{network.weights} does not say its classes and normalisation, as those of `nas train` do; "
            "a YAML file beside it, of the same name, may: see docs/training.md"
        )
    return network.trained


def _settings(network: Classifier, device: str, batch: int) -> Settings:
    """Settings of an evaluation on a device; on a GPU in the precision that the network was trained in. Raises
    UserError for an ONNX file on a GPU."""
    recipe = Recipe("evaluation", epochs=1, batch=batch)
    if isinstance(network, OnnxNetwork):
        if device not in ("auto", "cpu"):
            raise UserError(f"must be cpu for an ONNX file, got {device!r}", "device")
        return settings_for(recipe, "cpu")
    chosen = settings_for(recipe, device)
    on_gpu = chosen.device.startswith("cuda")
    return replace(chosen, dtype=network.trained.dtype) if network.trained and on_gpu else chosen


def _batches(network: Classifier, data: Data, split: str, device: str) -> Batches:
    """The split as the network was trained to see it; by the data's own statistics where that is not known."""
    trained, side, channels = network.trained, network.image_size, network.in_channels
    normal = (trained.mean, trained.deviation) if trained else statistics(data, channels)
    images = getattr(data, split)
    if trained is None or trained.centre_crop is None:
        return normalised(images, normal, side, channels, device)
    return cropped(images, trained.centre_crop.scaled(side / trained.image_size), normal, side, channels, device)


def _check_classes(network: Classifier, data: Data) -> None:
    if network.trained is None or network.trained.classes == data.classes or _by_order(network.trained, data):
        return
    classes, path = network.trained.classes, network.weights
    if len(classes) != len(data.classes):
        raise UserError(f"{path} knows {len(classes)} classes, {data.name} has {len(data.classes)}")
    index = next(i for i, (ours, theirs) in enumerate(zip(classes, data.classes, strict=True)) if ours != theirs)
    raise UserError(f"class {index} is {classes[index]!r} in {path} and {data.classes[index]!r} in {data.name}")


def _by_order(trained: Trained, data: Data) -> bool:
    """Whether classes are compared by their order: a library's names of ImageNet's classes, and the folders of these,
    which are numbers of WordNet."""
    is_numbered = all(WORDNET.fullmatch(name) for name in data.classes)
    return "library" in trained.provenance and is_numbered and len(trained.classes) == len(data.classes)


def _notes(network: Classifier, data: Data, split: str) -> tuple[str, ...]:
    notes = [TEST_IS_FINAL] if split == "test" else []
    if network.trained is None:
        notes.append(f"{network.weights} does not say how images were normalised: by {data.name}'s training images")
    elif network.trained.provenance.get("data_digest") not in (None, data.digest):
        notes.append("these are not the images and splits of the training: some may have been trained on")
    return tuple(notes)


def _read(trained: Trained, image: Path) -> np.ndarray | str:
    """Pixels (C, side, side) as those of the training's images, or why there are none."""
    side = trained.provenance.get("data_side")
    try:
        side = side if isinstance(side, int) else trained.image_size
        return read_image(image, trained.centre_crop or side, trained.in_channels)
    except UserError as error:
        return str(error)


def _most_likely(
    module: torch.nn.Module, pixels: list[np.ndarray], trained: Trained, settings: Settings, top: int
) -> list[tuple[tuple[str, float], ...]]:
    """(class, probability) of the ``top`` most likely classes of each image."""
    split = Split(np.stack(pixels), np.zeros(len(pixels), dtype=np.int64))
    normal = (trained.mean, trained.deviation)
    images = normalised(split, normal, trained.image_size, trained.in_channels, settings.device)
    [(x, _)] = images.evaluation(len(pixels))
    with torch.inference_mode(), autocast(settings):
        probabilities = module(x).float().softmax(1)
    best = probabilities.topk(min(top, len(trained.classes)), dim=1)
    return [
        tuple((trained.classes[index], share) for index, share in zip(indices, shares, strict=True))
        for indices, shares in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
