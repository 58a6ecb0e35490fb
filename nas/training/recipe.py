"""How a network is trained, as a frozen value with a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, replace
from typing import Any

from nas.training.augment.tables import MAX_MAGNITUDE, POLICIES
from nas.training.tables import INITIALISATIONS, OPTIMISERS, SCHEDULES
from search_spaces.errors import UserError
from search_spaces.network.architecture import MAX_SIDE
from search_spaces.values import KeyRule, Rule, a_flag, a_number, an_integer, checked

A_SHARE = a_number(least=0, most=1)
POSITIVE = a_number(above=0)
NOT_NEGATIVE = a_number(least=0)
COUNT = an_integer(0)
MAX_EPOCHS = 1_000_000
MAX_BATCH = 1 << 30
BELOW_1 = Rule("a number of at least 0 and below 1", lambda value: A_SHARE.fits(value) and value < 1, (0, 0.5))


def recipe_field(rule: Any, default: Any, meaning: str) -> Any:
    """A field of a recipe: what it may be, its default, what it means. None is allowed where it is the default."""
    return field(default=default, metadata={"rule": rule, "meaning": meaning})


@dataclass(frozen=True)
class Recipe:
    """All that training needs beside network, data and seed: length, optimiser, weights, augmentation.

    Augmentation is drawn for each image by itself. Raises UserError with the field, its rule and the value.
    """

    name: str
    epochs: int = recipe_field(an_integer(most=MAX_EPOCHS), MISSING, "times that each image is seen")
    min_steps: int = recipe_field(COUNT, 0, "steps at least in all: by smaller batches, then by more epochs")
    image_size: int | None = recipe_field(
        an_integer(most=MAX_SIDE), None, "side in pixels of a search; none: of deployment"
    )
    min_map: int = recipe_field(COUNT, 0, "side of the last map that is kept in a search by dropping first strides")
    batch: int = recipe_field(an_integer(most=MAX_BATCH), 64, "images a step, over all processes")
    drop_strides: int = recipe_field(COUNT, 0, "how many of the network's first strides of 2 become 1")

    optimiser: str = recipe_field(
        KeyRule(OPTIMISERS),
        "sgd",
        "sgd is Nesterov's; rmsprop as TensorFlow has it; muon for kernels that mix channels and adamw for the rest",
    )
    lr: float = recipe_field(
        POSITIVE, 0.1, "learning rate after the warm-up, at batch images a step: a batch that is halved takes it down"
    )
    momentum: float = recipe_field(BELOW_1, 0.9, "of sgd, rmsprop and muon; the first beta of adamw")
    decay: float = recipe_field(BELOW_1, 0.9, "of the mean square in rmsprop")
    eps: float = recipe_field(NOT_NEGATIVE, 1e-3, "of rmsprop")
    weight_decay: float = recipe_field(NOT_NEGATIVE, 5e-4, "not for norms and biases")
    schedule: str = recipe_field(
        KeyRule(SCHEDULES), "cosine", "to 0 along a cosine or a line, or exponential by steps of epochs"
    )
    warm_up: float = recipe_field(BELOW_1, 0.2, "share of the steps until the rate is reached")
    decay_rate: float = recipe_field(NOT_NEGATIVE, 0.97, "factor of the exponential schedule")
    decay_epochs: float = recipe_field(POSITIVE, 2.4, "epochs between these, of the recipe's own epochs")
    clip: float = recipe_field(NOT_NEGATIVE, 0.0, "bound on the norm of the gradient, 0 for none")
    label_smoothing: float = recipe_field(A_SHARE, 0.0, "share of the label that all classes divide")

    class_weights: bool = recipe_field(a_flag, False, "each class weighs the same in the loss, however few its images")

    init: str = recipe_field(KeyRule(INITIALISATIONS), "torch", "initialisation of the weights")
    ema: float = recipe_field(A_SHARE, 0.0, "decay of the average of the weights, as TensorFlow's; 0 for none")
    bn_momentum: float | None = recipe_field(NOT_NEGATIVE, None, "in place of the norms' own")
    refresh: int = recipe_field(COUNT, 0, "training images that norms are estimated anew from, 0 for none")
    dropout: float | None = recipe_field(BELOW_1, None, "in place of the architecture's")
    drop_path: float | None = recipe_field(BELOW_1, None, "in place of the architecture's")
    aux_weight: float = recipe_field(NOT_NEGATIVE, 0.3, "of auxiliary losses")

    flip: bool = recipe_field(a_flag, False, "left and right")
    crop: float = recipe_field(A_SHARE, 0.0, "shift by up to this share of the side, with mirrored borders")
    crop_from: int = recipe_field(COUNT, 0, "epochs of a training from which on it has this shift; 0: always")
    shift: float = recipe_field(A_SHARE, 0.0, "shift by up to this share, between pixels")
    scale: float = recipe_field(A_SHARE, 0.0, "scaling by up to this share")
    rotate: float = recipe_field(NOT_NEGATIVE, 0.0, "rotation by up to these degrees")
    resized_crop: float = recipe_field(A_SHARE, 0.0, "least share of the area of a random crop, 0 for none")
    policy: str = recipe_field(KeyRule(POLICIES), "none", "of randaugment or autoaugment")
    operations: int = recipe_field(COUNT, 2, "per image, of randaugment")
    magnitude: int = recipe_field(an_integer(0, most=MAX_MAGNITUDE), 9, f"of randaugment, of {MAX_MAGNITUDE}")
    colour: float = recipe_field(A_SHARE, 0.0, "brightness, contrast and saturation by up to this share")
    erase: float = recipe_field(A_SHARE, 0.0, "largest share of the side that is blanked")
    mix: float = recipe_field(A_SHARE, 0.0, "share of the images that are mixed, by mixup or cutmix")
    mixup: float = recipe_field(NOT_NEGATIVE, 0.0, "alpha of mixup")
    cutmix: float = recipe_field(NOT_NEGATIVE, 0.0, "alpha of cutmix")

    def __post_init__(self) -> None:
        for f in fields(self):
            value, rule = getattr(self, f.name), f.metadata.get("rule")
            if rule is not None and not (value is None and f.default is None):
                checked(rule, value, f"recipe.{f.name}")
        if self.refresh == 1:
            raise UserError("must be 0 or at least 2 images, got 1", "recipe.refresh")

    @property
    def digest(self) -> str:
        """``r2-`` and 32 hexadecimal digits of all fields but the name that differ from their defaults, so that a
        field which is added later changes no digest."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        del values["name"]
        return f"r2-{hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]}"

    def of_length(self, epochs: int) -> Recipe:
        """The recipe as a training of so many epochs applies it: one of fewer than ``crop_from`` does not shift its
        images, which it has hardly seen as they are."""
        return self if epochs >= self.crop_from else replace(self, crop=0.0)

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
        for name in values:
            if name == "name":
                raise UserError("is not to be set", "recipe.name")
        changes = "".join(f" {name}={value}" for name, value in values.items())
        return replace(self, name=f"{self.name}{changes}", **values)


def described_fields() -> list[tuple[str, str, str, str]]:
    """(field, default, what it may be, what it means) of every field of a recipe but its name."""
    return [
        (f.name, _default(f), f.metadata["rule"].words, f.metadata["meaning"]) for f in fields(Recipe) if f.metadata
    ]


def _default(f: Field[Any]) -> str:
    return "must be given" if f.default is MISSING else "none" if f.default is None else json.dumps(f.default)


def _known(names: Mapping[str, Any]) -> None:
    known = {f.name for f in fields(Recipe)}
    for name in names:
        if name not in known:
            raise UserError(f"unknown key {name!r}; known are {', '.join(sorted(known))}", "recipe")
