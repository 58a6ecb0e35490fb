"""Compound scaling: an architecture to a larger or smaller one. Never trains."""

from __future__ import annotations

from scaling.coefficients import EFFICIENTNET, FAMILY, VARIANTS, Coefficients, read_coefficients
from scaling.files import save_scaled
from scaling.rules import RULES, Rule
from scaling.scale import Scaled, family, scale
