"""The coefficients of compound scaling (Tan & Le 2019)."""

from __future__ import annotations

from search_spaces.known.networks.efficientnet import COEFFICIENTS, Coefficients

ALPHA, BETA, GAMMA = 1.2, 1.1, 1.15
"""Depth, width and image size grow as ALPHA^φ, BETA^φ, GAMMA^φ (sec. 3.3); ALPHA · BETA² · GAMMA² is 1.92."""

VARIANTS: dict[str, Coefficients] = COEFFICIENTS
"""The published members, rounded by hand: they follow no single φ."""

FAMILY = ("b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7")
BASE = VARIANTS["b0"]

DROPOUT_STEP = (VARIANTS["b7"].dropout - BASE.dropout) / 7
"""What a step of φ adds to the rate of dropout in the head: B0 to B7 go from 0.2 to 0.5."""
