"""How a network is trained, as a frozen value with a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from search_spaces.errors import UserError


@dataclass(frozen=True)
class Recipe:
    """All that training needs beside network, data and seed.

    ``image_size`` in pixels and ``epochs`` are what candidates are trained with. ``drop_strides``: how many
    of the network's first strides of 2 become 1. ``warm_up``: share of the steps in which the rate rises to ``lr``; it
    then falls to 0 along a cosine. ``ema``: decay of the average of the weights per step, 0 for none.
    ``refresh``: re-estimate the statistics of batch norms on the training images before each validation.
    Augmentation, one draw per image: ``shift`` and ``scale`` as shares of the side, ``rotate`` in degrees,
    ``flip`` left and right, ``erase``: largest share of the side that is blanked. ``dropout``, ``drop_path``
    and ``bn_momentum`` override the architecture's where not None.
    """

    name: str
    image_size: int
    epochs: int
    batch: int = 64
    optimiser: str = "sgd"
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warm_up: float = 0.2
    label_smoothing: float = 0.0
    clip: float = 0.0
    ema: float = 0.0
    refresh: bool = False
    init: str = "torch"
    bn_momentum: float | None = None
    dropout: float | None = None
    drop_path: float | None = None
    drop_strides: int = 0
    aux_weight: float = 0.3
    shift: float = 0.0
    scale: float = 0.0
    rotate: float = 0.0
    flip: bool = False
    erase: float = 0.0

    def __post_init__(self) -> None:
        if self.optimiser not in OPTIMISERS:
            raise UserError(f"must be one of {', '.join(OPTIMISERS)}, got {self.optimiser!r}", "recipe.optimiser")
        if self.init not in INITS:
            raise UserError(f"must be one of {', '.join(INITS)}, got {self.init!r}", "recipe.init")
        for name in ("image_size", "epochs", "batch"):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise UserError(f"must be an integer of at least 1, got {getattr(self, name)!r}", f"recipe.{name}")

    @property
    def digest(self) -> str:
        """``r1-`` and 32 hexadecimal digits of all fields but the name."""
        own = {name: value for name, value in asdict(self).items() if name != "name"}
        return f"r1-{hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()[:32]}"

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> Recipe:
        """What :meth:`to_data` made; raises UserError for an unknown or missing field."""
        known = {each.name for each in fields(Recipe)}
        for name in data:
            if name not in known:
                raise UserError(f"unknown key {name!r}; known are {', '.join(sorted(known))}", "recipe")
        try:
            return Recipe(**data)
        except TypeError as error:
            raise UserError(str(error).partition("() ")[2] or str(error), "recipe") from None


OPTIMISERS = ("sgd", "adamw")
INITS = ("torch", "kaiming")

RECIPES: dict[str, Recipe] = {
    "proxy": Recipe(  # measured in benchmarks/proxy_recipe.md
        "proxy",
        image_size=32,
        epochs=5,
        batch=32,
        optimiser="adamw",
        lr=2e-3,
        weight_decay=0.02,
        label_smoothing=0.1,
        init="kaiming",
        bn_momentum=0.2,
        dropout=0.0,
        drop_path=0.0,
        shift=0.05,
        rotate=6,
        scale=0.05,
    ),
}


def recipe(name: str) -> Recipe:
    """The recipe of that name; raises UserError that lists the names."""
    if name not in RECIPES:
        raise UserError(f"unknown recipe {name!r}; known are {', '.join(RECIPES)}")
    return RECIPES[name]
