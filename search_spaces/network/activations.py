"""The activations by name; what computes each stands in ``nas.module.activations``."""

from __future__ import annotations

from search_spaces.errors import UserError

NO_ACT = "none"

ACTS: dict[str, float | None] = {
    "relu": 1.7139588594436646,
    "relu6": 1.7131484746932983,
    "silu": 1.7881293296813965,
    "hard_swish": None,
    "gelu": 1.7015043497085571,
    "tanh": 1.5939117670059204,
    "sigmoid": None,
    "hard_sigmoid": None,
}
"""Name to the gain that keeps the variance of a unit normal through it (Brock et al. 2021, sec. 2), where known."""


def act_gain(act: str) -> float:
    """The constant gain of an activation in a normaliser-free network; raises UserError where none is known."""
    gain = 1.0 if act == NO_ACT else ACTS.get(act)
    if gain is None:
        known = (*(name for name, value in ACTS.items() if value), NO_ACT)
        raise UserError(f"weight standardisation needs an activation of {', '.join(known)}, got {act}")
    return gain
