"""Three ways to scale a base: by φ, to a published variant, to a target cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from scaling.coefficients import ALPHA, BASE, BETA, FAMILY, GAMMA, VARIANTS
from scaling.compound import compound
from search_spaces import Architecture, Budget, Cost, Head, UserError, cost

DROPOUT_STEP = (VARIANTS["b7"].dropout - BASE.dropout) / 7
MOST_DROPOUT = 0.8
MOST_PHI = 40
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
        given = {"phi": self.phi, "variant": self.variant}
        return {
            "rule": self.rule,
            **{name: value for name, value in given.items() if value is not None},
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
    given = [name for name, value in (("phi", phi), ("variant", variant), ("target", target)) if value is not None]
    if len(given) != 1:
        raise UserError(f"scaling needs one of phi, variant, target; got {' and '.join(given) or 'none'}")
    if variant is not None:
        return _by_variant(base, variant)
    if phi is not None:
        return _by_phi(base, phi)
    from scaling.target import largest_phi

    fitting = largest_phi(base, target)  # type: ignore[arg-type]
    return replace(_by_phi(base, fitting), rule="target")


def family(base: Architecture) -> tuple[Scaled, ...]:
    """The published family B0 to B7 on this base."""
    return tuple(scale(base, variant=variant) for variant in FAMILY)


def grown(base: Architecture, phi: float) -> Architecture:
    """The architecture alone at φ; raises UserError where φ is out of range or shapes do not fit."""
    if not -MOST_PHI <= phi <= MOST_PHI:
        raise UserError(f"must be a number from -{MOST_PHI} to {MOST_PHI}, got {phi}", "phi")
    scaled = compound(base, ALPHA**phi, BETA**phi, GAMMA**phi)
    return _with_dropout(scaled, DROPOUT_STEP * phi)


def _by_phi(base: Architecture, phi: float) -> Scaled:
    architecture = grown(base, phi)
    return _scaled(base, architecture, "phi", ALPHA**phi, BETA**phi, GAMMA**phi, phi, None, NOT_A_VARIANT)


def _by_variant(base: Architecture, variant: str) -> Scaled:
    if variant not in VARIANTS:
        raise UserError(f"must be one of {', '.join(VARIANTS)}, got {variant!r}", "variant")
    own = VARIANTS[variant]
    resolution = own.image_size / BASE.image_size
    architecture = _with_dropout(compound(base, own.depth, own.width, resolution), own.dropout - BASE.dropout)
    return _scaled(base, architecture, "variant", own.depth, own.width, resolution, None, variant, "")


def _scaled(
    base: Architecture,
    architecture: Architecture,
    rule: str,
    depth: float,
    width: float,
    resolution: float,
    phi: float | None,
    variant: str | None,
    note: str,
) -> Scaled:
    own = cost(architecture)
    ratio = own.macs / cost(base).macs
    return Scaled(architecture, rule, depth, width, resolution, phi, variant, own, ratio, note)


def _with_dropout(architecture: Architecture, more: float) -> Architecture:
    """Larger networks are regularised more: B0 to B7 go from 0.2 to 0.5 in the head."""
    head = architecture.head
    if not isinstance(head, Head) or not head.dropout:
        return architecture
    rate = round(min(MOST_DROPOUT, max(0.0, head.dropout + more)), 6)
    return replace(architecture, head=replace(head, dropout=rate))
