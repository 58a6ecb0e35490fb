"""How a network is trained, as a frozen value with a digest."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from nas.training.augment.tables import MAX_MAGNITUDE, POLICIES
from nas.training.tables import INITIALISATIONS, OPTIMISERS, SCHEDULES
from search_spaces.errors import UserError

CHOICES: dict[str, Mapping[str, object]] = {
    "optimiser": OPTIMISERS,
    "schedule": SCHEDULES,
    "init": INITIALISATIONS,
    "policy": POLICIES,
}
WHOLE = ("drop_strides", "refresh", "operations", "magnitude")
SHARES = (
    "warm_up",
    "label_smoothing",
    "ema",
    "flip",
    "erase",
    "mix",
    "resized_crop",
    "crop",
    "shift",
    "scale",
    "colour",
)


@dataclass(frozen=True)
class Recipe:
    """All that training needs beside network, data and seed.

    **Length.** ``epochs``, and ``batch`` images a step over all processes. ``image_size`` in pixels, None for the
    network's own. ``drop_strides``: how many of the network's first strides of 2 become 1.

    **Optimiser.** ``sgd`` (Nesterov), ``adamw``, or ``rmsprop`` as TensorFlow has it, with ``decay`` and ``eps``.
    ``lr`` is reached after ``warm_up``, a share of the steps; then ``schedule`` takes it to 0 along a cosine, or times
    ``decay_rate`` every ``decay_epochs`` (of the recipe's own ``epochs``; a shorter run is the same curve, compressed).
    ``weight_decay`` is not for norms and biases. ``clip`` bounds the norm of the gradient, 0 for none.

    **Weights.** ``init`` names the initialisation. ``ema``: decay of the average of the weights per step, 0 for none;
    it warms up as (1 + step) / (10 + step), as TensorFlow's does. ``bn_momentum`` overrides the norms'; ``refresh``:
    on how many training images their statistics are estimated anew before each validation, 0 for none.
    ``dropout`` and ``drop_path`` override the architecture's where not None. ``aux_weight``: of auxiliary losses.

    **Augmentation**, one draw per image. ``flip`` left and right; ``crop``: shift by up to that share of the side, with
    mirrored borders; ``shift``, ``scale`` (shares) and ``rotate`` (degrees) between pixels; ``resized_crop``: least
    share of the area of a random crop; ``policy`` with ``operations`` per image at ``magnitude`` (of 30; randaugment),
    or autoaugment; ``colour``: brightness, contrast and saturation by up to that share; ``erase``: largest share of
    the side that is blanked; ``mix``: share of the images that are mixed, by ``cutmix`` and ``mixup`` with these
    alphas.
    """

    name: str
    epochs: int
    image_size: int | None = None
    batch: int = 64
    drop_strides: int = 0
    optimiser: str = "sgd"
    lr: float = 0.1
    momentum: float = 0.9
    decay: float = 0.9
    eps: float = 1e-3
    weight_decay: float = 5e-4
    schedule: str = "cosine"
    warm_up: float = 0.2
    decay_rate: float = 0.97
    decay_epochs: float = 2.4
    clip: float = 0.0
    label_smoothing: float = 0.0
    init: str = "torch"
    ema: float = 0.0
    bn_momentum: float | None = None
    refresh: int = 0
    dropout: float | None = None
    drop_path: float | None = None
    aux_weight: float = 0.3
    flip: bool = False
    crop: float = 0.0
    shift: float = 0.0
    scale: float = 0.0
    rotate: float = 0.0
    resized_crop: float = 0.0
    policy: str = "none"
    operations: int = 2
    magnitude: int = 9
    colour: float = 0.0
    erase: float = 0.0
    mix: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in tuple(known):
                raise UserError(f"must be one of {', '.join(known)}, got {getattr(self, name)!r}", f"recipe.{name}")
        for name in ("epochs", "batch", *(["image_size"] if self.image_size is not None else [])):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise UserError(f"must be an integer of at least 1, got {getattr(self, name)!r}", f"recipe.{name}")
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, int | float) and not 0 <= value < math.inf:
                raise UserError(f"must be a number that is not negative, got {value!r}", f"recipe.{f.name}")
            if f.name in WHOLE and int(value) != value:
                raise UserError(f"must be a whole number, got {value!r}", f"recipe.{f.name}")
            if f.name in SHARES and not value <= 1:
                raise UserError(f"must be a share, 0 to 1, got {value!r}", f"recipe.{f.name}")
        for name in ("lr", "decay_epochs"):
            if not getattr(self, name) > 0:
                raise UserError(f"must be above 0, got {getattr(self, name)!r}", f"recipe.{name}")
        for name in ("warm_up", "momentum", "decay", "dropout", "drop_path"):
            if (getattr(self, name) or 0) >= 1:
                raise UserError(f"must be below 1, got {getattr(self, name)!r}", f"recipe.{name}")
        if self.magnitude > MAX_MAGNITUDE:
            raise UserError(f"must be at most {MAX_MAGNITUDE}, got {self.magnitude}", "recipe.magnitude")
        if self.refresh == 1:
            raise UserError("must be 0 or at least 2 images, got 1", "recipe.refresh")

    @property
    def digest(self) -> str:
        """``r2-`` and 32 hexadecimal digits of all fields but the name that differ from their defaults, so that a
        field which is added later changes no digest."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        del values["name"]
        return f"r2-{hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]}"

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> Recipe:
        """What :meth:`to_data` made; raises UserError for an unknown or missing field."""
        _known(data)
        try:
            return Recipe(**data)
        except TypeError as error:
            raise UserError(str(error).partition("() ")[2] or str(error), "recipe") from None

    def changed(self, values: Mapping[str, Any]) -> Recipe:
        """The recipe with other values, which its name then shows. Raises UserError for an unknown field or a value of
        another kind."""
        _known(values)
        for name, value in values.items():
            default = getattr(RECIPE_OF_DEFAULTS, name)
            if name == "name":
                raise UserError("is not to be set", "recipe.name")
            if _kind(value) != _kind(default) or (value is None and default is not None):
                raise UserError(f"must be a {_kind(default)}, got {value!r}", f"recipe.{name}")
        changes = "".join(f" {name}={value}" for name, value in values.items())
        return replace(self, name=f"{self.name}{changes}", **values)


def _known(names: Mapping[str, Any]) -> None:
    known = {f.name for f in fields(Recipe)}
    for name in names:
        if name not in known:
            raise UserError(f"unknown key {name!r}; known are {', '.join(sorted(known))}", "recipe")


def _kind(value: object) -> str:
    if isinstance(value, bool | str):
        return "truth value" if isinstance(value, bool) else "text"
    return "number"


RECIPE_OF_DEFAULTS = Recipe("", epochs=1)
