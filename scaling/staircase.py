"""The finest steps of a rule: each stage's depth, each row's width and the image size are staircases in φ of their own.

One φ for all jumps where several of them step at once: just above φ = 0 every stage gains a block. Between two such
networks the dimensions are moved one step at a time, in the order in which φ would move them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from scaling.compound import deeper_row, is_deepened, scaled_head, wider_row, widths_of
from scaling.phi import Phis, at, depth_multiplier, image_side
from scaling.rules import MAX_PHI, Rule
from scaling.target import Limits
from search_spaces import Architecture, UserError, cost

REACH = 2.0  # how far in φ one dimension may run ahead of the others
HALVINGS = 40

UNITS = ("image", "width", "depth")  # where two would step at the same φ, the finer comes first


class Move(NamedTuple):
    """What one dimension gained: ``what`` as ``image_size``, ``stages.2.out`` or ``stages.2.repeats``, and its value
    before and after."""

    what: str
    before: int
    after: int

    def __str__(self) -> str:
        return f"{self.what} {self.before} → {self.after}"


class Unit(NamedTuple):
    """One thing that steps by itself, and its value as a function of φ."""

    kind: str
    place: int
    value: Callable[[float], Any]


def refined(
    base: Architecture, rule: Rule, phi: float, limits: Limits
) -> tuple[Architecture, tuple[Architecture, ...]]:
    """The network at φ with every dimension moved on by single steps while it stays within the limits; and the networks
    one step further, none of which does.

    Steps are taken in the order of their φ, up to ``REACH`` beyond; one that does not fit is left out, with all later
    ones of the same dimension, and so is one that takes nothing of what is limited (pixels, under a limit of
    parameters).
    """
    phis = Phis.uniform(base, phi)
    best = at(base, phis, rule)
    units = list(_units(base, rule))
    queue = [step for number, unit in enumerate(units) if (step := _next(number, unit, phi, phi + REACH))]
    heapq.heapify(queue)
    refused: list[tuple[Unit, float]] = []
    while queue:
        threshold, _, number = heapq.heappop(queue)
        unit = units[number]
        network = _moved(base, rule, phis, unit, threshold)
        if network is None or limits.values(network) == limits.values(best):
            continue
        if not limits.fits(network):
            refused.append((unit, threshold))
            continue
        phis, best = phis.moved(unit.kind, unit.place, threshold), network
        if step := _next(number, unit, threshold, phi + REACH):
            heapq.heappush(queue, step)
    beyond = (_moved(base, rule, phis, unit, threshold) for unit, threshold in refused)
    return best, tuple(network for network in beyond if network is not None)


def _moved(base: Architecture, rule: Rule, phis: Phis, unit: Unit, phi: float) -> Architecture | None:
    """The network with one unit at another φ; None where its shapes do not fit, as of two rows that must be equally
    wide."""
    try:
        network = at(base, phis.moved(unit.kind, unit.place, phi), rule)
        cost(network)
    except UserError:
        return None
    return network


def moves(before: Architecture, after: Architecture) -> tuple[Move, ...]:
    """What the second network has more of than the first, both scaled from one base."""
    steps = [Move("image_size", before.image_size, after.image_size)]
    rows = zip((*before.stem, *before.stages), (*after.stem, *after.stages), strict=True)
    for index, (old, new) in enumerate(rows):
        name = before.row_name(index)
        steps += [Move(f"{name}.repeats", old.count, new.count), Move(f"{name}.out", _width(old), _width(new))]
    steps.append(Move("head.out", getattr(before.head, "out", None) or 0, getattr(after.head, "out", None) or 0))
    return tuple(move for move in steps if move.before != move.after)


def _width(row: Any) -> int:
    """The row's width; of a block that knows its widths, their sum."""
    return row.out if row.out is not None else sum(widths_of(Architecture(stages=(row,))))


def _units(base: Architecture, rule: Rule) -> Iterator[Unit]:
    if not base.head.binds_image_size:
        yield Unit("image", 0, lambda phi: image_side(base, phi, rule))
    rows = (*base.stem, *base.stages)
    for index, (row, after) in enumerate(zip(rows, (*rows[1:], None), strict=True)):

        def width(phi: float, row: Any = row, after: Any = after) -> Any:
            return wider_row(row, after, rule.multipliers(phi)[1])

        yield Unit("width", index, width)
    yield Unit("width", len(rows), lambda phi: scaled_head(base.head, rule.multipliers(phi)[1]))
    for index, stage in enumerate(base.stages):

        def depth(phi: float, index: int = index, stage: Any = stage) -> Any:
            return deeper_row(stage, depth_multiplier(base, index, phi, rule), rule.repeats).count

        if is_deepened(stage):
            yield Unit("depth", index, depth)


def _next(number: int, unit: Unit, phi: float, most: float) -> tuple[float, int, int] | None:
    """The first φ above this one at which the unit has another value, with what orders it among others."""
    low, high = phi, min(most, MAX_PHI)
    here = unit.value(low)
    try:
        if unit.value(high) == here:
            return None
    except UserError:  # an image of too many pixels
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if unit.value(middle) == here else (low, middle)
    return high, UNITS.index(unit.kind), number
