"""From φ to a network: one φ for all dimensions, or one for each row's width, each stage's depth and the image."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scaling.coefficients import BASE, VARIANTS
from scaling.compound import Multipliers, multiplied, scaled_side
from scaling.rules import DEFAULT_RULE, Rule
from search_spaces import Architecture

DROPOUT_STEP = (VARIANTS["b7"].dropout - BASE.dropout) / 7
"""What a step of φ adds to the rate of dropout in the head: B0 to B7 go from 0.2 to 0.5."""


@dataclass(frozen=True)
class Phis:
    """A φ for each stage's depth, for each row's width (stem, stages, head), and for the image size."""

    depth: tuple[float, ...]
    width: tuple[float, ...]
    image: float

    @staticmethod
    def uniform(base: Architecture, phi: float) -> Phis:
        """One φ for all."""
        return Phis((phi,) * len(base.stages), (phi,) * (len(base.stem) + len(base.stages) + 1), phi)

    def moved(self, kind: str, index: int, phi: float) -> Phis:
        """With another φ for one stage's ``depth``, one row's ``width``, or the ``image``."""
        if kind == "image":
            return replace(self, image=phi)
        values = [phi if place == index else value for place, value in enumerate(getattr(self, kind))]
        return replace(self, depth=tuple(values)) if kind == "depth" else replace(self, width=tuple(values))

    @property
    def least(self) -> float:
        """The φ that every dimension has reached."""
        return min(*self.depth, *self.width, self.image)


def image_side(base: Architecture, phi: float, rule: Rule = DEFAULT_RULE) -> int:
    """The image size in pixels at φ."""
    resolution = rule.multipliers(phi)[2]
    return scaled_side(base.image_size, resolution, rule.image_multiple, rule.max_image_size)


def depth_multiplier(base: Architecture, stage: int, phi: float, rule: Rule = DEFAULT_RULE) -> float:
    """By what the repeats of the stage with that index are multiplied at φ."""
    return float(rule.multipliers(phi)[0] ** rule.deepened(len(base.stages))[stage])


def at(base: Architecture, phis: Phis, rule: Rule = DEFAULT_RULE) -> Architecture:
    """The base with each dimension at its own φ; the dropout is that of the φ which all have reached."""
    depth = tuple(depth_multiplier(base, index, phi, rule) for index, phi in enumerate(phis.depth))
    width = tuple(rule.multipliers(phi)[1] for phi in phis.width)
    dropout = DROPOUT_STEP * phis.least
    return multiplied(base, Multipliers(depth, width, image_side(base, phis.image, rule), dropout), rule.repeats)


def at_phi(base: Architecture, phi: float, rule: Rule = DEFAULT_RULE) -> Architecture:
    """The base scaled by φ (Tan & Le 2019, eq. 3). Raises UserError where φ is out of range or shapes do not fit."""
    rule.multipliers(phi)  # φ is judged first, also where there is nothing to multiply
    return at(base, Phis.uniform(base, phi), rule)
