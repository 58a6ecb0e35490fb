"""Depth, width and image size of an architecture, multiplied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import lcm
from typing import Any

from search_spaces import Architecture, Block, Head, Stage, UserError
from search_spaces.network.architecture import MAX_SIDE
from search_spaces.network.rounding import round_filters, round_repeats

DIVISOR = 8
MAX_DROPOUT = 0.8

Rounding = Callable[[int, float], int]
"""``repeats × multiplier`` as a number of blocks."""


@dataclass(frozen=True)
class Multipliers:
    """What a base is multiplied by: ``depth`` has a number for each stage, ``width`` one for each row of stem and
    stages and then one for the head; ``image_size`` in pixels; ``dropout`` is added to the rate of a head that has
    one."""

    depth: tuple[float, ...]
    width: tuple[float, ...]
    image_size: int
    dropout: float = 0.0


def compound(
    base: Architecture,
    depth: float,
    width: float,
    resolution: float,
    dropout: float = 0.0,
    repeats: Rounding = round_repeats,
) -> Architecture:
    """``base`` with repeats × ``depth`` (rounded up), widths × ``width`` (multiples of 8, never below 90 %),
    image size × ``resolution`` (to the nearest pixel), and ``dropout`` added to the rate of a head that has one.

    A width never moves against its multiplier: at 1 it stays. Stem and head keep their depth, pools are not
    repeated, hidden layers of the head keep their width. Raises UserError where the head binds the image size
    and where a multiplier is no positive number.
    """
    for name, value in (("depth", depth), ("width", width), ("resolution", resolution)):
        if not 0 < value < float("inf"):
            raise UserError(f"must be a positive number, got {value}", name)
    side = round(base.image_size * resolution)
    rows = len(base.stem) + len(base.stages)
    factors = Multipliers((depth,) * len(base.stages), (width,) * (rows + 1), side, dropout)
    return multiplied(base, factors, repeats)


def multiplied(base: Architecture, factors: Multipliers, repeats: Rounding = round_repeats) -> Architecture:
    """``base`` with a multiplier for each stage's depth and each row's width, as :func:`compound` has them."""
    if not 1 <= factors.image_size <= MAX_SIDE:
        raise UserError(f"must be 1 to {MAX_SIDE} pixels, got {factors.image_size}", "image_size")
    rows = (*base.stem, *base.stages)
    pairs = zip(rows, (*rows[1:], None), factors.width[:-1], strict=True)
    wide = [wider_row(row, after, width) for row, after, width in pairs]
    stem = len(base.stem)
    stages = tuple(deeper_row(row, depth, repeats) for row, depth in zip(wide[stem:], factors.depth, strict=True))
    head = scaled_head(base.head, factors.width[-1], factors.dropout)
    return replace(base, stem=tuple(wide[:stem]), stages=stages, head=head).at(image_size=factors.image_size)


def scaled_width(width: int, multiplier: float, divisor: int = DIVISOR) -> int:
    """One width times the multiplier, rounded to the divisor, never against the multiplier's direction."""
    if multiplier == 1:
        return width
    rounded = round_filters(width * multiplier, divisor)
    return max(width, rounded) if multiplier > 1 else min(width, rounded)


def scaled_side(side: int, multiplier: float, multiple: int = 1, most: int | None = None) -> int:
    """An image size in pixels times the multiplier, to the nearest ``multiple`` (at least one of them), never against
    the multiplier's direction, and grown to ``most`` at most. An image smaller than the multiple shrinks by pixels."""
    if multiplier == 1:
        return side
    if not 0 < side * multiplier < float("inf"):
        raise UserError(f"must be 1 to {MAX_SIDE} pixels, got {side} × {multiplier:.4g}", "image_size")
    if multiplier < 1:
        multiple = multiple if side >= multiple else 1
        rounded = round(side * multiplier / multiple) * multiple
        return min(side, max(rounded, multiple) if multiple > 1 else rounded)
    rounded = round(side * multiplier / multiple) * multiple
    bound = rounded if most is None else min(rounded, most // multiple * multiple)
    return max(side, bound)


def wider_row(row: Stage, after: Stage | None, width: float) -> Stage:
    """The row with its widths × ``width``, divisible by what its blocks and the first one ``after`` it ask for."""
    if width == 1:
        return row
    blocks = [*row.sequence, *(after.sequence[:1] if after else ())]
    divisor = lcm(DIVISOR, *(b.multiple for b in row.sequence), *(b.input_multiple for b in blocks[-1:]))
    out = None if row.out is None else scaled_width(row.out, width, divisor)
    if row.blocks is not None:
        return replace(row, out=out, blocks=tuple(_wider(block, width) for block in row.blocks))
    if row.block is None:
        return replace(row, out=out, each=_wider(row.each, width))
    return replace(row, out=out, block=_wider(row.block, width))


def _wider(block: Block, width: float) -> Block:
    return block.widened(lambda channels: scaled_width(channels, width))


def scaled_head(head: Any, width: float, dropout: float = 0.0) -> Any:
    """The head with its first width × ``width``, and ``dropout`` added to its rate, if it has one."""
    if not isinstance(head, Head):
        return head
    out = None if head.out is None else scaled_width(head.out, width)
    grows = bool(head.dropout and dropout)
    rate = round(min(MAX_DROPOUT, max(0.0, head.dropout + dropout)), 6) if grows else head.dropout
    return replace(head, out=out, dropout=rate)


def deeper_row(row: Stage, depth: float, rounding: Rounding = round_repeats) -> Stage:
    """The row with its repeats × ``depth``; blocks that differ are stretched evenly."""
    if depth == 1 or not is_deepened(row):
        return row
    repeats = rounding(row.count, depth)
    if row.blocks is None:
        return replace(row, repeats=repeats)
    blocks = tuple(row.blocks[index * row.count // repeats] for index in range(repeats))
    return replace(row, blocks=blocks, repeats=repeats)


def is_deepened(row: Stage) -> bool:
    """Whether depth scaling repeats the row's blocks: pools and reductions stay."""
    return all(block.repeatable for block in row.sequence)


def widths_of(architecture: Architecture) -> Sequence[int]:
    """Every width that scaling multiplies, in order: of rows, of what blocks hold themselves, of the head."""
    widths: list[int] = []

    def collected(channels: int) -> int:
        widths.append(channels)
        return channels

    for row in (*architecture.stem, *architecture.stages):
        if row.out is not None:
            widths.append(row.out)
        for block in row.blocks or row.sequence[:1]:
            block.widened(collected)
    if isinstance(architecture.head, Head) and architecture.head.out is not None:
        widths.append(architecture.head.out)
    return widths
