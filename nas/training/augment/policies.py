"""RandAugment (Cubuk et al. 2020) and AutoAugment (Cubuk et al. 2019) on batches.

Each image draws its own operations, strengths' signs and chances; images that drew the same operation are treated at
once. The operations' ranges and AutoAugment's 25 sub-policies are torchvision's tables.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from nas.training.augment import pixels
from nas.training.augment.geometry import matrices, resampled
from nas.training.draws import Draws
from nas.training.recipe import Recipe

RANDAUGMENT_BINS, AUTOAUGMENT_BINS = 31, 10
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
Choice = tuple[Tensor, Tensor]  # operation (N,) by its place in the table of names, strength (N,)


def apply_policy(x: Tensor, draws: Draws, recipe: Recipe, fill: Tensor) -> Tensor:
    """``x`` (N, C, H, W), floats 0 … 255, after the recipe's policy; ``fill`` (1, C, 1, 1) is what comes in from
    outside."""
    side = x.shape[-1]
    if recipe.policy == "randaugment":
        names, rounds = _randaugment(side, draws, recipe)
    else:
        names, rounds = _autoaugment(side, draws)
    for operation, strength in rounds:
        x = _one_round(x, names, operation, strength, fill)
    return x


def _randaugment(side: int, draws: Draws, recipe: Recipe) -> tuple[list[str], list[Choice]]:
    names, strengths, signed = _table("RandAugment", RANDAUGMENT_BINS, side)
    own = strengths[:, recipe.magnitude].to(draws.device)
    rounds = []
    for number in range(recipe.operations):
        operation = draws.integers(f"operation {number}", len(names))
        rounds.append((operation, _with_sign(own[operation], signed, operation, draws, number)))
    return names, rounds


def _autoaugment(side: int, draws: Draws) -> tuple[list[str], list[Choice]]:
    names, strengths, signed = _table("AutoAugment", AUTOAUGMENT_BINS, side)
    policies = _policies()
    chosen = draws.integers("policy", len(policies)).cpu()
    rounds = []
    for number in range(2):
        steps = [policies[int(each)][number] for each in chosen]
        operation = torch.tensor([names.index(name) for name, _, _ in steps])
        strength = torch.tensor([float(strengths[names.index(name), at or 0]) for name, _, at in steps])
        chance = torch.tensor([chance for _, chance, _ in steps], device=draws.device)
        taken = draws.uniform(f"chance {number}") < chance
        operation, strength = operation.to(draws.device), strength.to(draws.device)
        strength = _with_sign(strength, signed, operation, draws, number)
        rounds.append((torch.where(taken, operation, names.index("Identity")), strength))
    return names, rounds


def _with_sign(strength: Tensor, signed: Tensor, operation: Tensor, draws: Draws, number: int) -> Tensor:
    negative = (draws.uniform(f"sign {number}") < 0.5) & signed.to(draws.device)[operation]
    return torch.where(negative, -strength, strength)


def _one_round(x: Tensor, names: list[str], operation: Tensor, strength: Tensor, fill: Tensor) -> Tensor:
    x = x.clone()
    moved = [names.index(name) for name in MOVES if name in names]
    hit = torch.isin(operation, torch.tensor(moved, device=operation.device)).nonzero().flatten()
    if len(hit):
        x[hit] = _moved(x[hit], names, operation[hit], strength[hit], fill)
    for name, change in VALUES.items():
        hit = (operation == names.index(name)).nonzero().flatten() if name in names else hit[:0]
        if len(hit):
            x[hit] = change(x[hit], strength[hit])
    return x


def _moved(x: Tensor, names: list[str], operation: Tensor, strength: Tensor, fill: Tensor) -> Tensor:
    """Shears, translations and rotations of all images that drew one, in one resampling."""
    theta = torch.zeros(len(x), 2, 3, device=x.device)
    for name, matrix in MOVES.items():
        own = (operation == names.index(name))[:, None, None]
        theta = torch.where(own, matrix(strength, x.shape[-1]), theta)
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


@lru_cache(maxsize=16)
def _table(name: str, bins: int, side: int) -> tuple[list[str], Tensor, Tensor]:
    """Names of the operations, their strengths (operations, bins), and which have a sign."""
    from torchvision.transforms import v2

    space: dict[str, Any] = {"Identity": (lambda *_: None, False), **getattr(v2, name)._AUGMENTATION_SPACE}
    strengths = torch.zeros(len(space), bins)
    for row, (levels, _) in enumerate(space.values()):
        own = levels(bins, side, side)
        if own is not None:
            strengths[row] = own
    return list(space), strengths, torch.tensor([signed for _, signed in space.values()])


@lru_cache(maxsize=1)
def _policies() -> list[tuple[tuple[str, float, int | None], ...]]:
    """The ImageNet policy's 25 pairs of (operation, chance, strength)."""
    from torchvision.transforms import v2

    return list(v2.AutoAugment()._policies)
