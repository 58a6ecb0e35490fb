"""The inverse of scaling: which φ a member corresponds to, by each dimension and by its cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scaling.compound import widths_of
from scaling.phi import at_phi
from scaling.rules import DEFAULT_RULE, MAX_PHI, Rule
from search_spaces import Architecture, UserError, cost

HALVINGS = 50
FAR = 4  # φ at which everything that a rule moves has moved


@dataclass(frozen=True)
class Step:
    """The φ from ``low`` to ``high`` that give a member's value in one dimension.

    ``is_exact``: they give all of it, each row's; else what they give only adds up to as much, and where ``low`` equals
    ``high`` it is passed over there. ``open_ended``: no φ tells, because the rule leaves this dimension as it is.
    """

    low: float
    high: float
    is_exact: bool
    open_ended: bool = False

    def __contains__(self, phi: float) -> bool:
        return self.open_ended or self.low <= phi <= self.high

    def __str__(self) -> str:
        if self.open_ended:
            return "any φ" if self.is_exact else "no φ"
        low, high = f"{self.low:.2f}", f"{self.high:.2f}"
        return ("φ " if self.is_exact else "about φ ") + (low if low == high else f"{low} to {high}")


def explained(base: Architecture, member: Architecture, rule: Rule = DEFAULT_RULE) -> dict[str, Step]:
    """The φ of ``member`` by ``depth``, ``width``, ``image size`` and realised ``cost`` (MACs), scaled by the rule.

    Raises UserError for a member whose rows are not those of the base.
    """
    for part in ("stem", "stages"):
        ours, theirs = len(getattr(base, part)), len(getattr(member, part))
        if ours != theirs:
            raise UserError(
                f"is no scaled form of the base: it has {theirs} rows in its {part}, the base {ours}", "member"
            )
    if len(_widths(base)) != len(_widths(member)):
        raise UserError("is no scaled form of the base: its blocks hold other widths", "member")
    return {name: _step(base, member, rule, value) for name, value in DIMENSIONS.items()}


def _widths(architecture: Architecture) -> tuple[int, ...]:
    return tuple(widths_of(architecture))


DIMENSIONS: dict[str, Callable[[Architecture], tuple[int, ...]]] = {
    "depth": lambda architecture: tuple(stage.count for stage in architecture.stages),
    "width": _widths,
    "image size": lambda architecture: (architecture.image_size,),
    "cost": lambda architecture: (cost(architecture).macs,),
}
"""What grows with φ, each as a tuple of numbers that never fall."""


def _step(
    base: Architecture, member: Architecture, rule: Rule, value: Callable[[Architecture], tuple[int, ...]]
) -> Step:
    wanted = sum(value(member))

    def total(phi: float) -> float:
        try:
            return sum(value(at_phi(base, phi, rule)))
        except UserError:  # beyond the largest or below the smallest network
            return float("inf") if phi > 0 else float("-inf")

    if total(-FAR) == total(FAR):
        return Step(-MAX_PHI, MAX_PHI, value(base) == value(member), open_ended=True)
    low = _first(lambda phi: total(phi) >= wanted)
    high = _first(lambda phi: total(phi) > wanted)
    return Step(low, high, low < high and value(at_phi(base, (low + high) / 2, rule)) == value(member))


def _first(holds: Callable[[float], bool]) -> float:
    """The φ from which on it holds."""
    low, high = float(-MAX_PHI), float(MAX_PHI)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
