"""Three ways to scale a base: by φ, to a published variant, to a target cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scaling.coefficients import BASE, FAMILY, VARIANTS
from scaling.compound import compound
from scaling.phi import at_phi, multipliers
from scaling.target import largest_phi
from search_spaces import Architecture, Budget, Cost, UserError, cost

NOT_A_VARIANT = (
    "the formula α^φ, β^φ, γ^φ is not the published table: B1 to B7 follow no single φ (use --variant for those)"
)


@dataclass(frozen=True)
class Scaled:
    """A scaled network and how it came about.

    ``rule`` is phi, variant or target; ``depth``, ``width``, ``resolution`` are the multipliers; ``phi`` is
    None for a variant; ``ratio`` is the realised MACs over the base's, ``nominal_ratio`` depth · width² ·
    resolution².
    """

    architecture: Architecture
    rule: str
    depth: float
    width: float
    resolution: float
    phi: float | None
    variant: str | None
    cost: Cost
    ratio: float
    note: str = ""

    @property
    def nominal_ratio(self) -> float:
        return self.depth * self.width**2 * self.resolution**2

    def provenance(self) -> dict[str, Any]:
        """How the network came about, as JSON's types."""
        rule = {"phi": self.phi, "variant": self.variant}
        return {
            "rule": self.rule,
            **{name: value for name, value in rule.items() if value is not None},
            "depth": self.depth,
            "width": self.width,
            "resolution": self.resolution,
            "nominal_ratio": self.nominal_ratio,
            "realised_ratio": self.ratio,
        }


def scale(
    base: Architecture,
    *,
    phi: float | None = None,
    variant: str | None = None,
    target: Budget | None = None,
) -> Scaled:
    """The base scaled by exactly one of three rules.

    ``phi``: depth α^φ, width β^φ, image size γ^φ (Tan & Le 2019, eq. 3), any real number. ``variant``: the
    multipliers published for ``b0`` … ``b8``, ``l2``. ``target``: the network of the largest φ whose cost
    fits; φ is reported as the left end of its step. Raises UserError for anything else, and where no φ fits.
    """
    rules = {"phi": phi, "variant": variant, "target": target}
    given = [name for name, value in rules.items() if value is not None]
    if len(given) != 1:
        raise UserError(f"scaling needs one of phi, variant, target; got {' and '.join(given) or 'none'}")
    if variant is not None:
        return _by_variant(base, variant)
    phi = largest_phi(base, target) if target is not None else phi
    assert phi is not None  # one of the three is given
    architecture = at_phi(base, phi)
    return _scaled(base, architecture, given[0], multipliers(phi), phi=phi, note=NOT_A_VARIANT)


def family(base: Architecture) -> tuple[Scaled, ...]:
    """The published family B0 to B7 on this base."""
    return tuple(scale(base, variant=variant) for variant in FAMILY)


def _by_variant(base: Architecture, variant: str) -> Scaled:
    if variant not in VARIANTS:
        raise UserError(f"must be one of {', '.join(VARIANTS)}, got {variant!r}", "variant")
    published = VARIANTS[variant]
    factors = (published.depth, published.width, published.image_size / BASE.image_size)
    architecture = compound(base, *factors, dropout=published.dropout - BASE.dropout)
    return _scaled(base, architecture, "variant", factors, variant=variant)


def _scaled(
    base: Architecture,
    architecture: Architecture,
    rule: str,
    factors: tuple[float, float, float],
    *,
    phi: float | None = None,
    variant: str | None = None,
    note: str = "",
) -> Scaled:
    realised = cost(architecture)
    return Scaled(architecture, rule, *factors, phi, variant, realised, realised.macs / cost(base).macs, note)
