"""The largest φ whose network fits a budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from scaling.scale import MOST_PHI, grown
from search_spaces import Architecture, Budget, UserError, cost

_HALVINGS = 60


def largest_phi(base: Architecture, target: Budget) -> float:
    """Left end of the step of φ whose network is the largest within ``target``.

    Widths, repeats and image size never fall as φ grows, so the cost is a rising staircase and bisection
    finds the edges. Raises UserError where no φ fits, with the costs on both sides.
    """
    upper = Budget(target.metric, target.high)

    def fits(phi: float) -> bool:
        return upper.fits(cost(grown(base, phi)))

    inside, outside = _bracket(fits)
    inside = _edge(fits, inside, outside)
    best = _shape(grown(base, inside))
    if not target.fits(cost(grown(base, inside))):
        below, above = (target.value(cost(grown(base, phi))) for phi in (inside, _beyond(base, inside)))
        raise UserError(f"no φ fits {target}: the nearest networks cost {below:,} and {above:,}", "target")
    start = inside - 1
    while _fits_shape(base, start, best):
        start -= 1
    return _edge(lambda phi: _fits_shape(base, phi, best), inside, start)


def _bracket(fits: Callable[[float], bool]) -> tuple[float, float]:
    """Neighbouring integers, the first of which fits and the second does not."""
    phi = 0
    while not fits(phi):
        phi -= 1
        if phi < -MOST_PHI:
            raise UserError(f"no network is small enough down to φ = -{MOST_PHI}", "target")
    while phi < MOST_PHI and _fits_above(fits, phi + 1):
        phi += 1
    return phi, phi + 1


def _fits_above(fits: Callable[[float], bool], phi: float) -> bool:
    try:
        return fits(phi)
    except UserError:
        return False


def _edge(holds: Callable[[float], bool], inside: float, outside: float) -> float:
    """The last φ, from ``inside`` towards ``outside``, at which ``holds`` is still true."""
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if _fits_above(holds, middle):
            inside = middle
        else:
            outside = middle
    return inside


def _beyond(base: Architecture, phi: float) -> float:
    """A φ on the next step."""
    step = 1e-9
    while _fits_shape(base, phi + step, _shape(grown(base, phi))):
        step *= 2
    return phi + step


def _fits_shape(base: Architecture, phi: float, shape: Architecture) -> bool:
    return _shape(grown(base, phi)) == shape


def _shape(architecture: Architecture) -> Architecture:
    """The architecture without its rate of dropout, which moves with every φ."""
    return replace(architecture, head=replace(architecture.head, dropout=0))
