"""The published rules of scaling, in one table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scaling.coefficients import EFFICIENTNET, Coefficients
from search_spaces import UserError
from search_spaces.errors import did_you_mean
from search_spaces.network.rounding import round_repeats

MAX_PHI = 40


def nearest_repeats(repeats: int, multiplier: float) -> int:
    """``repeats × multiplier`` to the nearest integer, at least 1, halves up (Dollár et al. 2021, reference code)."""
    return max(1, math.floor(repeats * multiplier + 0.5))


def alike(stages: int) -> tuple[float, ...]:
    """Every stage is deepened alike."""
    return (1.0,) * stages


def later(stages: int) -> tuple[float, ...]:
    """Exponents of the depth's multiplier that rise in a line from the first stage to the last and are 1 on average."""
    return tuple((2 * index + 1) / stages for index in range(stages))


def inner(stages: int) -> tuple[float, ...]:
    """The stages between the first and the last alone; all where there are no such stages."""
    return alike(stages) if stages < 3 else (0.0, *(1.0,) * (stages - 2), 0.0)


@dataclass(frozen=True)
class Rule:
    """How one number φ becomes a network.

    ``coefficients``: multipliers of depth, width and image size at φ = 1. ``deepened``: for a number of stages, the
    exponent with which each takes part in depth. ``repeats``: how ``repeats × multiplier`` is rounded. The image size
    is a multiple of ``image_multiple`` pixels, and at most ``max_image_size``. ``source``: paper, section or table.
    """

    name: str
    coefficients: Coefficients
    source: str
    deepened: Callable[[int], tuple[float, ...]] = alike
    repeats: Callable[[int, float], int] = round_repeats
    image_multiple: int = 1
    max_image_size: int | None = None

    def multipliers(self, phi: float) -> tuple[float, float, float]:
        """Multipliers of depth, width and image size at φ. Raises UserError outside -40 to 40."""
        if not -MAX_PHI <= phi <= MAX_PHI:
            raise UserError(f"must be a number from -{MAX_PHI} to {MAX_PHI}, got {phi}", "phi")
        c = self.coefficients
        return c.alpha**phi, c.beta**phi, c.gamma**phi


RESNET_RS = Coefficients.shared(math.log(139 / 16), 0, 2 * math.log(320 / 160))
"""The straight line from ResNet-RS-50 (16 blocks, 160 px) to ResNet-RS-420 (139 blocks, 320 px), the ends of the family
of Bello et al. 2021."""

COATNET = Coefficients.shared(math.log(40 / 8), 2 * math.log(2), 0)
"""The straight line from CoAtNet-0 (8 blocks in stages 2 and 3) to CoAtNet-4 (40 blocks, every width doubled), both at
224 px (Dai et al. 2021, table 3)."""

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("efficientnet", EFFICIENTNET, "Tan & Le 2019, eq. 3 and sec. 3.3"),
        Rule("depth", Coefficients.shared(1, 0, 0), "Tan & Le 2019, sec. 3.2: one dimension alone"),
        Rule("width", Coefficients.shared(0, 1, 0), "Tan & Le 2019, sec. 3.2: one dimension alone"),
        Rule("resolution", Coefficients.shared(0, 0, 1), "Tan & Le 2019, sec. 3.2: one dimension alone"),
        Rule(
            "fast",
            Coefficients.shared(1, 8, 1),
            "Dollár et al. 2021: d1_w8_g8_r1",
            repeats=nearest_repeats,
            image_multiple=4,
        ),
        Rule(
            "efficientnetv2",
            EFFICIENTNET,
            "Tan & Le 2021, sec. 3.3: images of 480 px at most, more layers to later stages",
            deepened=later,
            max_image_size=480,
        ),
        Rule(
            "resnet-rs",
            RESNET_RS,
            "Bello et al. 2021: depth and, slowly, resolution; the ends of its family",
            deepened=inner,
            repeats=nearest_repeats,
            image_multiple=32,
        ),
        Rule(
            "coatnet",
            COATNET,
            "Dai et al. 2021, table 3: depth of the inner stages and width; CoAtNet-0 to 4",
            deepened=inner,
            repeats=nearest_repeats,
        ),
    )
}
"""Name to rule. A new rule is one entry."""

DEFAULT_RULE = RULES["efficientnet"]


def rule_of(name: str) -> Rule:
    """The rule of that name. Raises UserError that lists the names."""
    if name not in RULES:
        raise UserError(f"must be one of {', '.join(RULES)}{did_you_mean(name, RULES)}, got {name!r}", "rule")
    return RULES[name]
