"""Published coefficients of compound scaling, and a file of fitted ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from search_spaces import UserError
from search_spaces.files.codec import read
from search_spaces.known.networks.efficientnet import COEFFICIENTS
from search_spaces.known.networks.efficientnet import Coefficients as Variant

VARIANTS: dict[str, Variant] = COEFFICIENTS
"""The published members of EfficientNet, rounded by hand: they follow no single φ."""

FAMILY = ("b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7")
BASE = VARIANTS["b0"]
SCHEMA = 1


@dataclass(frozen=True)
class Coefficients:
    """What depth, width and image size are multiplied by at φ = 1; at any φ by the power φ of it.

    Raises UserError for a number below 1: then a network would shrink in one dimension as φ grows.
    """

    alpha: float
    beta: float
    gamma: float

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, int | float) or isinstance(value, bool) or not 1 <= value <= 4:
                raise UserError(f"must be a number from 1 to 4, got {value!r}", name)

    @property
    def nominal(self) -> float:
        """What one step of φ nominally multiplies the MACs by: α · β² · γ²."""
        return self.alpha * self.beta**2 * self.gamma**2

    @staticmethod
    def shared(depth: float, width: float, resolution: float) -> Coefficients:
        """A doubling of the MACs shared between depth, width and resolution in these proportions, as in the names of
        Dollár et al. 2021: d1_w8_r1 gives a tenth to depth, eight tenths to width."""
        total = depth + width + resolution
        return Coefficients(2 ** (depth / total), 2 ** (width / total / 2), 2 ** (resolution / total / 2))


EFFICIENTNET = Coefficients(1.2, 1.1, 1.15)
"""Tan & Le 2019, sec. 3.3, step 1: the grid search on B0; α · β² · γ² is 1.92."""


def read_coefficients(path: Path) -> Coefficients:
    """The coefficients in a file of :func:`coefficients_data`, or of a hand that wrote alpha, beta and gamma. Raises
    UserError that names file, key and value."""
    data = read(path)
    missing = [name for name in ("alpha", "beta", "gamma") if name not in data]
    if missing:
        raise UserError(f"{path}: {missing[0]} is missing: a file of coefficients has alpha, beta and gamma")
    try:
        return Coefficients(*(data[name] for name in ("alpha", "beta", "gamma")))
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def coefficients_data(coefficients: Coefficients, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data of a file of coefficients; ``provenance`` says how they were had."""
    return {"schema": SCHEMA, **asdict(coefficients), "provenance": dict(provenance)}


def phi_of(multiplier: float, base: float) -> float | None:
    """The φ at which ``base`` to the power φ is the multiplier; None where the base is 1."""
    return None if base == 1 else math.log(multiplier) / math.log(base)
