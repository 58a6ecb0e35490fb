"""The images of an epoch's steps, augmented and mixed. Those of several steps are prepared at once: RandAugment has few
images of each operation in one small batch, and then costs more than twice as much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from nas.data.splits import StreamedSplit
from nas.training.augment.mixing import Mixed, mixed
from nas.training.batches import MAX_VALUES, Batches, Chunk, channels_last
from nas.training.draws import Draws
from nas.training.recipe import Recipe

AT_ONCE = 1024  # images that are prepared together, where they are small


def prepared(
    images: Batches, parts: Sequence[Tensor], recipe: Recipe, seed: int, epoch: int, start: int = 0
) -> Iterator[Mixed]:
    """The images of each of ``parts`` (indices, all as many), from the one at ``start`` on; ``seed`` and ``epoch`` draw
    the augmentation. What is prepared together does not depend on ``start``, so that a resumed epoch sees the same
    numbers."""
    size = len(parts[0])
    together = _together(size, images)
    groups = [torch.cat(list(parts[first : first + together])) for first in range(0, len(parts), together)]
    skipped = start % together
    for chunk in images.chunks(groups[start // together :]):
        yield from _split(_augmented(images, chunk, recipe, seed, epoch), size)[skipped:]
        skipped = 0


def _together(size: int, images: Batches) -> int:
    """How many parts of ``size`` images are prepared at once; pairs that are mixed must stay in one part.
    A streamed image is as large as it is stored."""
    if size % 2:
        return 1
    side = max(images.side, images.images.side) if isinstance(images.images, StreamedSplit) else images.side
    fitting = MAX_VALUES // (images.in_channels * side**2)
    return max(1, min(AT_ONCE, fitting) // size)


def _augmented(images: Batches, chunk: Chunk, recipe: Recipe, seed: int, epoch: int) -> Mixed:
    """The images of a chunk, augmented and mixed, each by draws of its own."""
    draws = Draws(seed, epoch, chunk.index, str(chunk.labels.device))
    x = images.augmented(chunk, draws, recipe)
    if recipe.mix:
        whole = mixed(x, chunk.labels, draws, recipe)
        return replace(whole, x=channels_last(whole.x))
    return Mixed(channels_last(x), chunk.labels, chunk.labels, None)


def _split(whole: Mixed, size: int) -> list[Mixed]:
    pieces = [slice(first, first + size) for first in range(0, len(whole.labels), size)]
    shares = [None if whole.share is None else whole.share[piece] for piece in pieces]
    return [
        Mixed(whole.x[piece], whole.labels[piece], whole.other[piece], share)
        for piece, share in zip(pieces, shares, strict=True)
    ]
