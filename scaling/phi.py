"""The formula of compound scaling: one coefficient φ for depth, width and image size."""

from __future__ import annotations

from scaling.coefficients import ALPHA, BETA, DROPOUT_STEP, GAMMA
from scaling.compound import compound
from search_spaces import Architecture, UserError

MAX_PHI = 40


def multipliers(phi: float) -> tuple[float, float, float]:
    """Multipliers of depth, width and image size at φ. Raises UserError outside -40 to 40."""
    if not -MAX_PHI <= phi <= MAX_PHI:
        raise UserError(f"must be a number from -{MAX_PHI} to {MAX_PHI}, got {phi}", "phi")
    return ALPHA**phi, BETA**phi, GAMMA**phi


def at_phi(base: Architecture, phi: float) -> Architecture:
    """The base scaled by φ (Tan & Le 2019, eq. 3). Raises UserError where φ is out of range or shapes do not fit."""
    depth, width, resolution = multipliers(phi)
    return compound(base, depth, width, resolution, dropout=DROPOUT_STEP * phi)
