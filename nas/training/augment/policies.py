"""RandAugment (Cubuk et al. 2020) and AutoAugment (Cubuk et al. 2019) on batches.

Each image draws its operations, strengths' signs and chances by itself; images that drew the same operation are treated
at once.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from nas.training.augment import pixels
from nas.training.augment.geometry import matrices, resampled
from nas.training.augment.tables import OPERATIONS, POLICIES
from nas.training.draws import Draws
from nas.training.recipe import Recipe

PLACES = {name: place for place, name in enumerate(OPERATIONS)}
VALUES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "Brightness": pixels.brightness,
    "Color": pixels.saturation,
    "Contrast": pixels.contrast,
    "Sharpness": pixels.sharpness,
    "Posterize": pixels.posterize,
    "Solarize": pixels.solarize,
    "AutoContrast": pixels.autocontrast,
    "Equalize": pixels.equalize,
    "Invert": pixels.invert,
}


def apply_policy(x: Tensor, draws: Draws, recipe: Recipe, fill: Tensor) -> Tensor:
    """``x`` (N, C, H, W), floats 0 … 255, after the recipe's policy; ``fill`` (1, C, 1, 1) is what comes in from
    outside."""
    for operation, strength in POLICIES[recipe.policy](x.shape[-1], draws, recipe.operations, recipe.magnitude):
        x = _one_round(x, operation, strength, fill)
    return x


def _one_round(x: Tensor, operation: Tensor, strength: Tensor, fill: Tensor) -> Tensor:
    x = x.clone()
    moves = torch.tensor([PLACES[name] for name in MOVES], device=operation.device)
    hit = torch.isin(operation, moves).nonzero().flatten()
    if len(hit):
        x[hit] = _moved(x[hit], operation[hit], strength[hit], fill)
    for name, change in VALUES.items():
        hit = (operation == PLACES[name]).nonzero().flatten()
        if len(hit):
            x[hit] = change(x[hit], strength[hit])
    return x


def _moved(x: Tensor, operation: Tensor, strength: Tensor, fill: Tensor) -> Tensor:
    """Shears, translations and rotations of all images that drew one, in one resampling."""
    theta = torch.zeros(len(x), 2, 3, device=x.device)
    for name, matrix in MOVES.items():
        drawn = (operation == PLACES[name])[:, None, None]
        theta = torch.where(drawn, matrix(strength, x.shape[-1]), theta)
    return resampled(x - fill, theta, x.shape[-1], "zeros") + fill


def _shear_x(level: Tensor, _: int) -> Tensor:
    """About the upper left corner: out of (x, y) comes in x + level · y."""
    one, zero = torch.ones_like(level), torch.zeros_like(level)
    return matrices(one, level, level, zero, one, zero)


def _shear_y(level: Tensor, _: int) -> Tensor:
    one, zero = torch.ones_like(level), torch.zeros_like(level)
    return matrices(one, zero, zero, level, one, level)


def _translate_x(level: Tensor, side: int) -> Tensor:
    one, zero = torch.ones_like(level), torch.zeros_like(level)
    return matrices(one, zero, -2 * level.trunc() / side, zero, one, zero)


def _translate_y(level: Tensor, side: int) -> Tensor:
    one, zero = torch.ones_like(level), torch.zeros_like(level)
    return matrices(one, zero, zero, zero, one, -2 * level.trunc() / side)


def _rotate(level: Tensor, _: int) -> Tensor:
    """Counter-clockwise by ``level`` degrees about the middle."""
    angle, zero = torch.deg2rad(level), torch.zeros_like(level)
    return matrices(angle.cos(), -angle.sin(), zero, angle.sin(), angle.cos(), zero)


MOVES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "ShearX": _shear_x,
    "ShearY": _shear_y,
    "TranslateX": _translate_x,
    "TranslateY": _translate_y,
    "Rotate": _rotate,
}
