"""The largest φ whose network fits one or several budgets."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from scaling.phi import at_phi
from scaling.rules import DEFAULT_RULE, MAX_PHI, Rule
from search_spaces import Architecture, Budget, UserError, cost

LATENCY = "latency_ms"
HALVINGS = 60  # of an interval of length 1, which floats cannot halve more often
HUNDREDTHS = 100  # steps of φ in which a latency is looked for
DIGITS = 6  # of φ; the smallest step that an image of 65,536 px makes is wider

Measure = Callable[[Architecture], float]
"""Latency of a network in milliseconds, measured."""


@dataclass(frozen=True)
class Limits:
    """Budgets as upper limits; latencies are told by ``measure``."""

    budgets: tuple[Budget, ...]
    measure: Measure | None = None

    def value(self, budget: Budget, architecture: Architecture) -> float:
        """The cost that a budget limits. Raises UserError for a latency that nothing measures."""
        if budget.metric == LATENCY and self.measure is not None:
            return self.measure(architecture)
        return budget.value(cost(architecture))

    def values(self, architecture: Architecture) -> tuple[float, ...]:
        """What each budget limits."""
        return tuple(self.value(budget, architecture) for budget in self.budgets)

    def fits(self, architecture: Architecture) -> bool:
        """Whether the network is below every upper limit."""
        return all(self.value(budget, architecture) <= budget.high for budget in self.budgets)

    def shares(self, architecture: Architecture) -> dict[Budget, float]:
        """How much of each limit the network takes, 0 to 1 where it fits."""
        return {budget: float(self.value(budget, architecture) / budget.high) for budget in self.budgets}

    def check_low(self, architecture: Architecture, beyond: Architecture | None) -> None:
        """Raise UserError where the network, the largest that fits, misses the lower end of a range."""
        for budget in self.budgets:
            value = self.value(budget, architecture)
            if budget.low is not None and value < budget.low:
                above = "" if beyond is None else f" and {self.value(budget, beyond):,}"
                which = "networks cost" if above else "network costs"
                raise UserError(f"no φ fits {budget}: the nearest {which} {value:,}{above}", "target")

    def __str__(self) -> str:
        return " and ".join(map(str, self.budgets))


def largest_phi(base: Architecture, limits: Limits, rule: Rule = DEFAULT_RULE) -> float:
    """The φ of the largest network within the limits: of those of its step the roundest, with six digits at most.

    Widths, repeats and image size never fall as φ grows, so the cost is a rising staircase and bisection finds its
    steps. Raises UserError where no φ fits, with the reason, and where the base cannot be scaled so far.
    """

    def fits(phi: float) -> bool:
        return limits.fits(at_phi(base, phi, rule))

    inside, outside = _edge(_or_false(fits), *_bracket(fits, limits))
    try:
        at_phi(base, outside, rule)
    except UserError as error:
        budget, largest = limits.budgets[0], at_phi(base, inside, rule)
        reached = f"φ = {inside:.4g} costs {limits.value(budget, largest):,}, and beyond it {error}"
        raise UserError(f"{limits} is more than this base can be scaled to: {reached}", "target") from None
    return step_of(base, math.floor(inside * 10**DIGITS) / 10**DIGITS, rule)


def step_of(base: Architecture, inside: float, rule: Rule = DEFAULT_RULE) -> float:
    """The φ with the fewest digits of those that give the network of ``inside``; of several the smallest."""
    network = _without_dropout(at_phi(base, inside, rule))

    @_or_false
    def same(phi: float) -> bool:
        return _without_dropout(at_phi(base, phi, rule)) == network

    start = inside - 1
    while same(start):
        start -= 1
    left = _edge(same, inside, start)[0]
    rounded = (math.ceil(left * 10**digits) / 10**digits for digits in range(DIGITS))
    return next(filter(same, rounded), inside)


def largest_measured_phi(base: Architecture, limits: Limits, rule: Rule, most: float | None) -> float:
    """The largest φ in hundredths, at most ``most``, whose measured latency fits, taking it to rise with φ.

    A measurement takes a while and is never twice the same: about ten are made, and no single steps are tried beyond.
    Raises UserError where no φ fits.
    """

    def fits(hundredths: int) -> bool:
        return limits.fits(at_phi(base, hundredths / HUNDREDTHS, rule))

    top = MAX_PHI * HUNDREDTHS if most is None else math.floor(most * HUNDREDTHS)
    if top < 0 or not _or_false(fits)(0):
        low, high = -HUNDREDTHS, min(0, top + 1)
        while not fits(low):
            low, high = low - HUNDREDTHS, low
    else:
        low, high = 0, min(HUNDREDTHS, top + 1)
        while high <= top and _or_false(fits)(high):
            low, high = high, min(high + HUNDREDTHS, top + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low / HUNDREDTHS


def _bracket(fits: Callable[[float], bool], limits: Limits) -> tuple[float, float]:
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
            raise UserError(f"no network is as small as {limits}: {reached}", "target") from None
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


def _or_false(holds: Callable[..., bool]) -> Callable[..., bool]:
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


def parsed(targets: Sequence[Budget | str]) -> tuple[Budget, ...]:
    """Budgets, or what they are written as. Raises UserError for anything else, and for none at all."""
    budgets = tuple(target if isinstance(target, Budget) else Budget.parse(target) for target in targets)
    if not budgets:
        raise UserError("must be at least one budget, got none", "target")
    return budgets
