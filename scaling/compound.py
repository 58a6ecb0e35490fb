"""Depth, width and image size of an architecture, multiplied."""

from __future__ import annotations

from dataclasses import replace
from math import lcm
from typing import Any

from search_spaces import Architecture, Block, Head, Stage, UserError
from search_spaces.network.rounding import round_filters, round_repeats

DIVISOR = 8
MAX_SIDE = 100_000  # pixels
MAX_DROPOUT = 0.8


def compound(base: Architecture, depth: float, width: float, resolution: float, dropout: float = 0.0) -> Architecture:
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
    if not 1 <= side <= MAX_SIDE:
        raise UserError(f"must be 1 to {MAX_SIDE} pixels, got {side}", "image_size")
    rows = (*base.stem, *base.stages)
    wide = tuple(_wider_row(row, after, width) for row, after in zip(rows, (*rows[1:], None), strict=True))
    stages = tuple(_deeper(row, depth) for row in wide[len(base.stem) :])
    scaled = replace(base, stem=wide[: len(base.stem)], stages=stages, head=_scaled_head(base.head, width, dropout))
    return scaled.at(image_size=side)


def scaled_width(width: int, multiplier: float, divisor: int = DIVISOR) -> int:
    """One width times the multiplier, rounded to the divisor, never against the multiplier's direction."""
    if multiplier == 1:
        return width
    rounded = round_filters(width * multiplier, divisor)
    return max(width, rounded) if multiplier > 1 else min(width, rounded)


def _wider_row(row: Stage, after: Stage | None, width: float) -> Stage:
    blocks = [*row.sequence, *(after.sequence[:1] if after else ())]
    divisor = lcm(DIVISOR, *(b.multiple for b in row.sequence), *(b.input_multiple for b in blocks[-1:]))
    out = None if row.out is None else scaled_width(row.out, width, divisor)
    if row.blocks is not None:
        return replace(row, out=out, blocks=tuple(_wider(block, width) for block in row.blocks))
    return replace(row, out=out, block=_wider(row.block, width))


def _wider(block: Block, width: float) -> Block:
    return block.widened(lambda channels: scaled_width(channels, width))


def _scaled_head(head: Any, width: float, dropout: float) -> Any:
    if not isinstance(head, Head):
        return head
    out = None if head.out is None else scaled_width(head.out, width)
    rate = round(min(MAX_DROPOUT, max(0.0, head.dropout + dropout)), 6) if head.dropout else head.dropout
    return replace(head, out=out, dropout=rate)


def _deeper(row: Stage, depth: float) -> Stage:
    """The row with its repeats × depth; blocks that differ are stretched evenly."""
    if not all(block.repeatable for block in row.sequence):
        return row
    repeats = round_repeats(row.count, depth)
    if row.blocks is None:
        return replace(row, repeats=repeats)
    blocks = tuple(row.blocks[index * row.count // repeats] for index in range(repeats))
    return replace(row, blocks=blocks, repeats=repeats)
