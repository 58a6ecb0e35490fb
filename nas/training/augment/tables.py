"""Augmentation policies by name: which operations an image draws, and how strongly; the keys are what a recipe accepts.

Recipes are read without torch, so it is imported when a function is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from nas.training.draws import Draws

    Round = tuple[Tensor, Tensor]  # operation (N,) by its place in OPERATIONS, strength (N,)

RANDAUGMENT_BINS, AUTOAUGMENT_BINS = 31, 10
MAX_MAGNITUDE = RANDAUGMENT_BINS - 1


@dataclass(frozen=True)
class Range:
    """Strength in the weakest and in the strongest bin, the bins between in equal steps."""

    start: float = 0.0
    end: float = 0.0
    signed: bool = False
    times_side: bool = False
    whole: bool = False


OPERATIONS: dict[str, Range] = {
    "Identity": Range(),
    "ShearX": Range(0.0, 0.3, signed=True),
    "ShearY": Range(0.0, 0.3, signed=True),
    "TranslateX": Range(0.0, 150 / 331, signed=True, times_side=True),
    "TranslateY": Range(0.0, 150 / 331, signed=True, times_side=True),
    "Rotate": Range(0.0, 30.0, signed=True),
    "Brightness": Range(0.0, 0.9, signed=True),
    "Color": Range(0.0, 0.9, signed=True),
    "Contrast": Range(0.0, 0.9, signed=True),
    "Sharpness": Range(0.0, 0.9, signed=True),
    "Posterize": Range(8, 4, whole=True),
    "Solarize": Range(1.0, 0.0),
    "AutoContrast": Range(),
    "Equalize": Range(),
    "Invert": Range(),
}
"""Cubuk et al. 2019 (AutoAugment), table 6: shears, shares of 331 pixels, degrees, changes of a factor of 1, bits, and
a threshold (0 … 1)."""

RANDAUGMENT = tuple(name for name in OPERATIONS if name != "Invert")
"""Cubuk et al. 2020 (RandAugment), figure 2: the 14 operations."""

AUTOAUGMENT: tuple[tuple[tuple[str, float, int], ...], ...] = (
    (("Posterize", 0.4, 8), ("Rotate", 0.6, 9)),
    (("Solarize", 0.6, 5), ("AutoContrast", 0.6, 0)),
    (("Equalize", 0.8, 0), ("Equalize", 0.6, 0)),
    (("Posterize", 0.6, 7), ("Posterize", 0.6, 6)),
    (("Equalize", 0.4, 0), ("Solarize", 0.2, 4)),
    (("Equalize", 0.4, 0), ("Rotate", 0.8, 8)),
    (("Solarize", 0.6, 3), ("Equalize", 0.6, 0)),
    (("Posterize", 0.8, 5), ("Equalize", 1.0, 0)),
    (("Rotate", 0.2, 3), ("Solarize", 0.6, 8)),
    (("Equalize", 0.6, 0), ("Posterize", 0.4, 6)),
    (("Rotate", 0.8, 8), ("Color", 0.4, 0)),
    (("Rotate", 0.4, 9), ("Equalize", 0.6, 0)),
    (("Equalize", 0.0, 0), ("Equalize", 0.8, 0)),
    (("Invert", 0.6, 0), ("Equalize", 1.0, 0)),
    (("Color", 0.6, 4), ("Contrast", 1.0, 8)),
    (("Rotate", 0.8, 8), ("Color", 1.0, 2)),
    (("Color", 0.8, 8), ("Solarize", 0.8, 7)),
    (("Sharpness", 0.4, 7), ("Invert", 0.6, 0)),
    (("ShearX", 0.6, 5), ("Equalize", 1.0, 0)),
    (("Color", 0.4, 0), ("Equalize", 0.6, 0)),
    (("Equalize", 0.4, 0), ("Solarize", 0.2, 4)),
    (("Solarize", 0.6, 5), ("AutoContrast", 0.6, 0)),
    (("Invert", 0.6, 0), ("Equalize", 1.0, 0)),
    (("Color", 0.6, 4), ("Contrast", 1.0, 8)),
    (("Equalize", 0.8, 0), ("Equalize", 0.6, 0)),
)
"""AutoAugment's 25 sub-policies for ImageNet (Cubuk et al. 2019, table 9): two of (operation, chance, bin) each."""


@lru_cache(maxsize=16)
def strengths(bins: int, side: int) -> Tensor:
    """Strengths (operations, bins) for images of ``side`` pixels."""
    import torch

    table = torch.zeros(len(OPERATIONS), bins)
    for row, span in enumerate(OPERATIONS.values()):
        scale = side if span.times_side else 1
        levels = torch.linspace(span.start, span.end * scale, bins)
        table[row] = levels.round() if span.whole else levels
    return table


def _none(side: int, draws: Draws, operations: int, magnitude: int) -> list[Round]:
    return []


def _randaugment(side: int, draws: Draws, operations: int, magnitude: int) -> list[Round]:
    levels = strengths(RANDAUGMENT_BINS, side)[:, magnitude].to(draws.device)
    rounds = []
    for number in range(operations):
        operation = draws.integers(f"operation {number}", len(RANDAUGMENT))
        rounds.append((operation, _with_sign(levels[operation], operation, draws, number)))
    return rounds


def _autoaugment(side: int, draws: Draws, operations: int, magnitude: int) -> list[Round]:
    import torch

    names, levels = list(OPERATIONS), strengths(AUTOAUGMENT_BINS, side)
    chosen = [AUTOAUGMENT[int(index)] for index in draws.integers("policy", len(AUTOAUGMENT)).cpu()]
    rounds = []
    for number in range(2):
        steps = [pair[number] for pair in chosen]
        operation = torch.tensor([names.index(name) for name, _, _ in steps])
        strength = levels[operation, torch.tensor([level for _, _, level in steps])].to(draws.device)
        chance = torch.tensor([chance for _, chance, _ in steps], device=draws.device)
        taken = draws.uniform(f"chance {number}") < chance
        operation = operation.to(draws.device)
        strength = _with_sign(strength, operation, draws, number)
        rounds.append((torch.where(taken, operation, names.index("Identity")), strength))
    return rounds


def _with_sign(strength: Tensor, operation: Tensor, draws: Draws, number: int) -> Tensor:
    """``strength`` (N,), negative for half of the images whose operation has a sign."""
    import torch

    signed = torch.tensor([span.signed for span in OPERATIONS.values()], device=draws.device)
    negative = (draws.uniform(f"sign {number}") < 0.5) & signed[operation]
    return torch.where(negative, -strength, strength)


POLICIES: dict[str, Callable[[int, Draws, int, int], list[Round]]] = {
    "none": _none,
    "randaugment": _randaugment,
    "autoaugment": _autoaugment,
}
"""From side in pixels, draws, ``operations`` per image and ``magnitude`` (the last two are RandAugment's)."""
