"""How a recipe grows with the network: larger networks are regularised more and trained longer.

With one recipe for all sizes pycls measured errors of 24.9, 24.1, 23.5, 22.5, 21.4 and 21.7 % for B0 to B5: without
this, scaling stops paying.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import Any, NamedTuple


class Growth(NamedTuple):
    """What a doubling of the MACs does to a field of a recipe: it adds ``step``, or multiplies by ``factor``, up to
    ``most``. A field that is 0 or left to the architecture stays. ``source``: where the figure is from."""

    most: float
    source: str
    step: float = 0.0
    factor: float = 1.0


GROWTH: dict[str, Growth] = {
    "dropout": Growth(0.5, "Tan & Le 2019: 0.2 of B0 to 0.5 of B7, 98 times the MACs", step=0.3 / log2(98)),
    "drop_path": Growth(
        0.5,
        "Liu et al. 2021: 0.2, 0.5 of Swin-T and B, 3.4 times the MACs; EfficientNet keeps 0.2",
        step=0.3 / log2(98),
    ),
    "magnitude": Growth(
        25, "Tan & Le 2021, table 6: 15, 25 of EfficientNetV2-S and L, 6 times the MACs; half of it", step=5 / log2(6)
    ),
    "epochs": Growth(1000, "a choice of ours: nothing is published", factor=1.1),
}
"""Field of a recipe to its growth."""


def grown(fields: Mapping[str, Any], ratio: float) -> dict[str, float]:
    """The fields that change where the network's MACs are ``ratio`` times the base's; a smaller network changes none.

    The rates of dropout and drop-path are rounded to three digits, magnitude and epochs to integers.
    """
    doublings = max(0.0, log2(ratio))
    changes: dict[str, float] = {}
    for name, growth in GROWTH.items():
        value = fields.get(name)
        if not value or doublings == 0:
            continue
        whole = isinstance(value, int)
        larger = min((value + growth.step * doublings) * growth.factor**doublings, max(growth.most, value))
        changes[name] = round(larger) if whole else round(larger, 3)
    return {name: value for name, value in changes.items() if value != fields[name]}
