"""Colours of the figures by what they mean, after Okabe and Ito (2008), which the colour-blind tell apart. They read on
a light and on a dark page; symbols and dashes say the same."""

TRAINED = "#3a87c8"
PRUNED = "#8a9099"
REUSED = "#b0689a"
RETRAINED = "#0f8f6f"
BASE = "#e08a00"
FRONT = "#0f8f6f"
BUDGET = "#c85a11"
REFERENCE = "#8a6fb8"
KNOWN = "#8a8f98"
BAND = "rgba(15,143,111,0.16)"
SPACE = "rgba(138,143,152,0.35)"
CYCLE = ("#3a87c8", "#e08a00", "#0f8f6f", "#b0689a", "#c85a11", "#56b4e9", "#8a6fb8", "#8a9099")
"""For what has no meaning of its own, such as studies side by side; as many as are told apart."""
