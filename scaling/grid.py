"""The grid search of step 1: which α, β, γ double a base's cost (Tan & Le 2019, sec. 3.3)."""

from __future__ import annotations

from itertools import product

from scaling.coefficients import Coefficients
from search_spaces import UserError

STEP = 0.05  # as the published 1.2, 1.1, 1.15 imply
TOLERANCE = 0.1  # of α · β² · γ² from 2; the published coefficients give 1.92
MAX_POINTS = 200


def grid(step: float = STEP, tolerance: float = TOLERANCE) -> tuple[Coefficients, ...]:
    """All α, β, γ ≥ 1 in steps of ``step`` whose α · β² · γ² is 2 within ``tolerance``, in order.

    Raises UserError for numbers out of range, and where there is no point or more than 200.
    """
    for name, value, most in (("step", step, 1.0), ("tolerance", tolerance, 0.5)):
        if not 0.01 <= value <= most:
            raise UserError(f"must be a number from 0.01 to {most:g}, got {value}", name)
    values = [round(1 + index * step, 4) for index in range(int((1 + tolerance) / step) + 1)]
    points = tuple(
        Coefficients(alpha, beta, gamma)
        for alpha, beta, gamma in product(values, repeat=3)
        if abs(alpha * beta**2 * gamma**2 - 2) <= tolerance + 1e-9
    )
    if not 1 <= len(points) <= MAX_POINTS:
        raise UserError(
            f"the grid of step {step} and tolerance {tolerance} has {len(points)} points; 1 to {MAX_POINTS}"
        )
    return points
