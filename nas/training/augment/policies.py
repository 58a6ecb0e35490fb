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
    """The recipe's policy on ``x`` (N, C, H, W), floats 0 … 255, in place; ``fill`` (1, C, 1, 1) is what comes in from
    outside."""
    for operation, strength in POLICIES[recipe.policy](x.shape[-1], draws, recipe.operations, recipe.magnitude):
        _one_round(x, operation, strength, fill)
    return x


def _one_round(x: Tensor, operation: Tensor, strength: Tensor, fill: Tensor) -> None:
    moves = torch.tensor([PLACES[name] for name in MOVES], device=operation.device)
    hit = torch.isin(operation, moves).nonzero().flatten()
    if len(hit):
        x.index_copy_(0, hit, _moved(x.index_select(0, hit), operation[hit], strength[hit], fill))
    for name, change in VALUES.items():
        hit = (operation == PLACES[name]).nonzero().flatten()
        if len(hit):
            x.index_copy_(0, hit, change(x.index_select(0, hit), strength[hit]))


def _moved(x: Tensor, operation: Tensor, strength: Tensor, fill: Tensor) -> Tensor:
    """Shears, translations and rotations of the images ``x``, each of which drew one, in one resampling; ``x`` is
    changed."""
    theta = torch.zeros(len(x), 2, 3, device=x.device)
    for name, matrix in MOVES.items():
        drawn = (operation == PLACES[name])[:, None, None]
        theta = torch.where(drawn, matrix(strength, x.shape[-1]), theta)
    return resampled(x.sub_(fill), theta, x.shape[-1], "zeros").add_(fill)


def _identity_but(level: Tensor, **entries: Tensor) -> Tensor:
    """Matrices (N, 2, 3) of the identity but for the named entries, a to f row by row."""
    one, zero = torch.ones_like(level), torch.zeros_like(level)
    return matrices(*({"a": one, "b": zero, "c": zero, "d": zero, "e": one, "f": zero} | entries).values())


def _rotate(level: Tensor, _: int) -> Tensor:
    """Counter-clockwise by ``level`` degrees about the middle."""
    angle = torch.deg2rad(level)
    return _identity_but(level, a=angle.cos(), b=-angle.sin(), d=angle.sin(), e=angle.cos())


MOVES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "ShearX": lambda level, side: _identity_but(level, b=level, c=level),  # about the upper left corner
    "ShearY": lambda level, side: _identity_but(level, d=level, f=level),
    "TranslateX": lambda level, side: _identity_but(level, c=-2 * level.trunc() / side),
    "TranslateY": lambda level, side: _identity_but(level, f=-2 * level.trunc() / side),
    "Rotate": _rotate,
}
"""From strengths (N,) and the side in pixels, where each image's pixels come from."""
