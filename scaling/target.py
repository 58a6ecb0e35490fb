"""The largest φ whose network fits a budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from scaling.phi import at_phi
from search_spaces import Architecture, Budget, UserError, cost

HALVINGS = 60  # of an interval of length 1, which floats cannot halve more often


def largest_phi(base: Architecture, target: Budget) -> float:
    """Left end of the step of φ whose network is the largest within ``target``.

    Widths, repeats and image size never fall as φ grows, so the cost is a rising staircase and bisection finds its
    steps. Raises UserError where no φ fits, with the costs on both sides, and where the base cannot be scaled so far.
    """
    limit = Budget(target.metric, target.high)

    def fits(phi: float) -> bool:
        return limit.fits(cost(at_phi(base, phi)))

    inside, outside = _edge(_or_false(fits), *_bracket(fits, target))
    largest = at_phi(base, inside)
    size = target.value(cost(largest))
    try:
        above = target.value(cost(at_phi(base, outside)))
    except UserError as error:
        reached = f"φ = {inside:.4g} costs {size:,}, and beyond it {error}"
        raise UserError(f"{target} is more than this base can be scaled to: {reached}", "target") from None
    if not target.fits(cost(largest)):
        raise UserError(f"no φ fits {target}: the nearest networks cost {size:,} and {above:,}", "target")

    @_or_false
    def same(phi: float) -> bool:
        return _without_dropout(at_phi(base, phi)) == _without_dropout(largest)

    start = inside - 1
    while same(start):
        start -= 1
    return _edge(same, inside, start)[0]


def _bracket(fits: Callable[[float], bool], target: Budget) -> tuple[float, float]:
    """Two φ, at most 1 apart, the first of which fits and the second does not, or cannot be reached."""
    possible = _or_false(fits)
    if fits(0):
        phi = 1
        while possible(phi):
            phi += 1
        return phi - 1, phi
    phi = -1
    try:
        while not fits(phi):
            phi -= 1
    except UserError as error:
        smallest = _edge(_or_false(lambda phi: fits(phi) or True), phi + 1, phi)[0]
        if not fits(smallest):
            reached = f"even φ = {smallest:.4g} is too large, and below it {error}"
            raise UserError(f"no network is as small as {target}: {reached}", "target") from None
        return smallest, phi + 1
    return phi, phi + 1


def _edge(holds: Callable[[float], bool], inside: float, outside: float) -> tuple[float, float]:
    """The last φ from ``inside`` towards ``outside`` at which ``holds`` is true, and its neighbour, where it is not."""
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if holds(middle):
            inside = middle
        else:
            outside = middle
    return inside, outside


def _or_false(holds: Callable[[float], bool]) -> Callable[[float], bool]:
    """The same, and false at a φ that the base cannot be scaled to."""

    def possible(phi: float) -> bool:
        try:
            return holds(phi)
        except UserError:
            return False

    return possible


def _without_dropout(architecture: Architecture) -> Architecture:
    """The architecture without its rate of dropout, which moves with every φ."""
    return replace(architecture, head=replace(architecture.head, dropout=0))
