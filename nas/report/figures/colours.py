"""Colours of the figures by what they mean, near those of Okabe and Ito (2008). The colour-blind tell them apart, and
they stand out of a light page and of a dark one, which tests measure; symbols and dashes say the same."""

TRAINED = "#2478c8"
PRUNED = "#737a85"
REUSED = "#d76fae"
RETRAINED = "#0fa077"
BASE = "#d67f00"
FRONT = "#0fa077"
BUDGET = "#b8481c"
REFERENCE = "#7a52a0"
KNOWN = "#737a85"
BAND = "rgba(15,160,119,0.16)"
SPACE = "rgba(115,122,133,0.35)"
CYCLE = (TRAINED, BASE, FRONT, REUSED, BUDGET, "#2f9fd0", REFERENCE, KNOWN)
"""For what has no meaning of its own, such as studies side by side; as many as are told apart."""
