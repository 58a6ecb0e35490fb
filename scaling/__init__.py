"""Compound scaling: an architecture to a larger or smaller one. Never trains."""

from __future__ import annotations

from scaling.coefficients import ALPHA, BETA, FAMILY, GAMMA, VARIANTS
from scaling.files import save_scaled
from scaling.scale import Scaled, family, scale
