"""ImageNet weights of torchvision and timm for the known networks, and how these libraries prepare images for them."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nas.data.centre_crop import CentreCrop
from nas.module.files import State, Trained, save_weights
from nas.module.libraries import LIBRARIES, translated
from nas.storage.downloads import downloading
from nas.storage.user_folders import user_folder
from search_spaces import UserError, load
from search_spaces.files.codec import to_data

WHITE = 255
HALVES = (0.5, 0.5, 0.5)
# torchvision's modules of these take images by ImageNet's mean and deviation, and bring them to halves themselves
TRANSFORM_INPUT = ("googlenet", "inception_v3")


@dataclass(frozen=True)
class LibraryWeights:
    """Weights as a library describes them: their ``tag`` there, ``classes`` in the order of the logits, ``mean`` and
    ``deviation`` on the scale 0 to 1, and what is seen of an image."""

    tag: str
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    centre_crop: CentreCrop


def library_weights(name: str, library: str) -> tuple[State, Trained]:
    """A library's ImageNet weights of the known network ``name`` under our names, and what they were trained as.

    The library downloads them where it has not yet. Raises UserError for a network that the library does not have, a
    library that is not installed, and a download that fails.
    """
    model = model_of(name, library)
    about = DESCRIBE[library](model)
    with downloading(f"{library}'s weights of {name} are not on this machine and cannot be downloaded"):
        state = DOWNLOAD[library](model)
    network = load(name).at(about.centre_crop.crop, len(about.classes))  # type: ignore[union-attr]
    try:
        ours = translated(name, network, state)
    except ValueError as error:
        raise UserError(f"{library}'s weights do not fit {name}: {error}") from None
    if ours is None:
        raise UserError(f"{library}'s weights do not fit {name}: its {model} has other tensors")
    return ours, Trained(
        architecture=to_data(network),
        name=name,
        classes=about.classes,
        image_size=network.image_size,
        in_channels=network.in_channels,
        mean=tuple(WHITE * value for value in about.mean),
        deviation=tuple(WHITE * value for value in about.deviation),
        provenance={"library": library, "model": model, "tag": about.tag},
        centre_crop=about.centre_crop,
    )


def library_file(name: str, library: str) -> Path:
    """:func:`library_weights` as a file below ``NAS_DATA`` (``~/.cache/nas/data``), written where it is missing."""
    tag = DESCRIBE[library](model_of(name, library)).tag
    path = user_folder("NAS_DATA", "data") / "weights" / f"{library}-{name}-{tag}.safetensors"
    if not path.is_file():
        save_weights(path, *library_weights(name, library))
    return path


def model_of(name: str, library: str) -> str:
    """What the library calls the known network. Raises UserError where it has none, or is not installed."""
    libraries = dict(spec.split(":") for spec in LIBRARIES.get(name, ()))
    if library not in libraries:
        others = f"{' and '.join(libraries)} has them" if libraries else "--weights names a file or a folder"
        raise UserError(f"{library} has no weights of {name}; {others}")
    if find_spec(library) is None:
        raise UserError(f"{library} is not installed: pip install {library}")
    return libraries[library]


def _describe_torchvision(model: str) -> LibraryWeights:
    weights = _torchvision_weights(model)
    images = weights.transforms()
    as_halves = model in TRANSFORM_INPUT
    return LibraryWeights(
        tag=weights.name,
        classes=tuple(weights.meta["categories"]),
        mean=HALVES if as_halves else tuple(images.mean),
        deviation=HALVES if as_halves else tuple(images.std),
        centre_crop=CentreCrop(images.resize_size[0], images.crop_size[0], images.interpolation.value),
    )


def _describe_timm(model: str) -> LibraryWeights:
    timm = import_module("timm")
    about = timm.get_pretrained_cfg(model)
    images = timm.data.resolve_data_config(pretrained_cfg=about.to_dict(), use_test_size=True)
    crop = images["input_size"][-1]
    resize = math.floor(crop / images["crop_pct"])
    return LibraryWeights(
        tag=about.tag,
        classes=tuple(name.partition(",")[0] for name in timm.data.ImageNetInfo().label_descriptions()),
        mean=tuple(images["mean"]),
        deviation=tuple(images["std"]),
        centre_crop=CentreCrop(resize, crop, images["interpolation"], squash=images["crop_mode"] == "squash"),
    )


def _torchvision_weights(model: str) -> Any:
    return import_module("torchvision.models").get_model_weights(model).DEFAULT


def _download_torchvision(model: str) -> State:
    state: State = _torchvision_weights(model).get_state_dict(check_hash=True, map_location="cpu", weights_only=True)
    return state


def _download_timm(model: str) -> State:
    with _quiet("huggingface_hub"):
        state: State = import_module("timm").create_model(model, pretrained=True).state_dict()
    return state


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Without the warnings of a library about each try."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


DESCRIBE: dict[str, Callable[[str], LibraryWeights]] = {"torchvision": _describe_torchvision, "timm": _describe_timm}
DOWNLOAD: dict[str, Callable[[str], State]] = {"torchvision": _download_torchvision, "timm": _download_timm}
