"""From uint8 images to what a network eats: resized, augmented with one draw per image, normalised; all of it on whole
batches where the network is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nas.data.dataset import Data
from nas.data.splits import Split, StreamedSplit
from nas.training.augment.geometry import affine, is_affine, resampled, resized, source_pixels
from nas.training.augment.pixels import erased, grey, jittered
from nas.training.augment.policies import apply_policy
from nas.training.draws import Draws
from nas.training.recipe import Recipe
from nas.training.streaming import streamed

LOOKED_AT = 10_000  # images whose mean and deviation stand for those of the training split
MAX_VALUES = 1 << 24  # of images that are floats at once, before they are as small as the network wants them


Picked = tuple[Tensor, Tensor]
"""Rows and columns (n, side) of each image."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Images ``at`` (n,) of ``store`` (N, H, W, C), uint8 on the device, with their ``labels`` (n,); ``index`` (n,)
    says which of the split they are."""

    store: Tensor
    at: Tensor
    labels: Tensor
    index: Tensor


@dataclass(frozen=True, eq=False)
class Batches:
    """A split for a network of ``side`` pixels and ``in_channels`` channels: grey is repeated, colour becomes grey by
    luminance.

    ``images`` are all of it, (N, H, W, C) uint8 on the device, or what reads them from their files. ``labels`` (N,) are
    on the device; ``mean`` and ``deviation`` (1, C, 1, 1), of the training split, are on the scale of 0 … 255.
    """

    images: Tensor | StreamedSplit
    labels: Tensor
    mean: Tensor
    deviation: Tensor
    side: int
    in_channels: int

    def __len__(self) -> int:
        return len(self.labels)

    def chunks(self, indices: Sequence[Tensor]) -> Iterator[Chunk]:
        """The images of each of ``indices``, one after the other."""
        device = self.labels.device
        if isinstance(self.images, Tensor):
            for index in indices:
                at = index.to(device, non_blocking=True)
                yield Chunk(self.images, at, self.labels[at], index)
            return
        for index, images in zip(indices, streamed(self.images, indices, device), strict=True):
            yield Chunk(images, torch.arange(len(index), device=device), self.labels[index.to(device)], index)

    def evaluation(self, batch: int, part: int = 0, parts: int = 1) -> Iterator[tuple[Tensor, Tensor]]:
        """All images (or every ``parts``-th, from ``part`` on) as the network sees them in evaluation, with labels."""
        index = torch.arange(len(self))[part::parts]
        for chunk in self.chunks(index.split(batch) if len(index) else ()):  # type: ignore[no-untyped-call]
            yield self.plain(chunk), chunk.labels

    def plain(self, chunk: Chunk) -> Tensor:
        """Normalised float images (n, in_channels, side, side), channels last."""
        return channels_last(self._normalised(self._resized(chunk)))

    def augmented(self, chunk: Chunk, draws: Draws, recipe: Recipe) -> Tensor:
        """The same with the recipe's augmentation, channels first: broadcasts over three innermost channels would take
        ten times longer, and more is to come."""
        picked = source_pixels(chunk.store.shape[1], draws, recipe) if recipe.flip or recipe.crop else None
        shrinks = self.side < chunk.store.shape[1]
        x = self._resized(chunk, picked) if shrinks or not is_affine(recipe) else self._whole(chunk, picked)
        x = resampled(x, affine(draws, recipe), self.side, "border") if is_affine(recipe) else x
        if recipe.policy != "none":
            x = apply_policy(x, draws, recipe, self.mean)
        if recipe.colour:
            x = jittered(x, draws, recipe)
        x = self._normalised(x)
        return erased(x, draws, recipe.erase) if recipe.erase else x

    def _resized(self, chunk: Chunk, picked: Picked | None = None) -> Tensor:
        """Float images (n, C, side, side), made of a few at a time where they are large."""
        parts = range(0, len(chunk.at), max(1, MAX_VALUES // chunk.store[0].numel()))
        pieces = [slice(start, start + parts.step) for start in parts]
        resized_pieces = [resized(self._whole(chunk, picked, piece), self.side) for piece in pieces]
        return torch.cat(resized_pieces) if len(pieces) > 1 else resized_pieces[0]

    def _whole(self, chunk: Chunk, picked: Picked | None, piece: slice = slice(None)) -> Tensor:
        """Float images (n, C, height, width) as they are stored, or of the picked rows and columns."""
        if picked is None:
            return self._floats(chunk.store.index_select(0, chunk.at[piece]))
        rows, columns = picked
        return self._floats(_picked(chunk.store, chunk.at[piece], rows[piece], columns[piece]))

    def _floats(self, pixels: Tensor) -> Tensor:
        """(n, H, W, C) uint8 as (n, C, H, W) floats, grey where the network wants one channel."""
        x = pixels.permute(0, 3, 1, 2).contiguous().float()
        return grey(x) if self.in_channels == 1 else x

    def _normalised(self, x: Tensor) -> Tensor:
        return (x - self.mean).div_(self.deviation).expand(-1, self.in_channels, -1, -1)


def _picked(store: Tensor, at: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Pixels (n, side, side, C) at ``rows`` and ``columns`` (n, side) of each image."""
    count, height, width, channels = store.shape
    flat = ((at[:, None] * height + rows) * width)[:, :, None] + columns[:, None, :]
    pixels = store.view(count * height * width, channels).index_select(0, flat.flatten())
    return pixels.view(*flat.shape, channels)


def channels_last(x: Tensor) -> Tensor:
    """``x`` (N, C, H, W) in the layout that convolutions are fast in."""
    return x.contiguous(memory_format=torch.channels_last)


def normalised(
    split: Split | StreamedSplit,
    pixels: tuple[Sequence[float], Sequence[float]],
    side: int,
    in_channels: int,
    device: str,
) -> Batches:
    """A split on the device, normalised by a mean and a deviation per channel."""
    images = split if isinstance(split, StreamedSplit) else torch.from_numpy(split.images.transpose(0, 2, 3, 1))
    images = images.contiguous().to(device) if isinstance(images, Tensor) else images
    labels = torch.from_numpy(split.labels).to(device)
    mean, deviation = (torch.tensor(values, dtype=torch.float32, device=device).view(1, -1, 1, 1) for values in pixels)
    return Batches(images, labels, mean, deviation, side, in_channels)


def statistics(data: Data, in_channels: int) -> tuple[list[float], list[float]]:
    """Mean and deviation, on the scale of 0 … 255, of each channel of (at most 10,000) training images, or of their
    luminance."""
    images = data.train.sample(LOOKED_AT)
    sums = torch.zeros(2, 1 if in_channels == 1 else data.channels, dtype=torch.float64)
    count = max(1, min(1024, MAX_VALUES // images[0].size))
    for start in range(0, len(images), count):
        x = torch.from_numpy(images[start : start + count].astype(np.float32))
        x = (grey(x) if in_channels == 1 else x).double()
        sums += torch.stack([x.mean((2, 3)).sum(0), (x * x).mean((2, 3)).sum(0)])
    mean, square = sums / len(images)
    return mean.tolist(), (square - mean**2).clamp_min(1e-6).sqrt().tolist()
