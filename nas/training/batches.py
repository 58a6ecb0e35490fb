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
PASS = 1024  # images that are looked at together


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
        x = self._floats(chunk.store.index_select(0, chunk.at))
        return channels_last(self._normalised(resized(x, self.side)))

    def augmented(self, chunk: Chunk, draws: Draws, recipe: Recipe) -> Tensor:
        """The same with the recipe's augmentation, channels first: broadcasts over three innermost channels would take
        ten times longer, and more is to come."""
        if recipe.flip or recipe.crop:
            rows, columns = source_pixels(chunk.store.shape[1], draws, recipe)
            x = self._floats(_picked(chunk, rows, columns))
        else:
            x = self._floats(chunk.store.index_select(0, chunk.at))
        x = resampled(x, affine(draws, recipe), self.side, "border") if is_affine(recipe) else resized(x, self.side)
        if recipe.policy != "none":
            x = apply_policy(x, draws, recipe, self.mean)
        if recipe.colour:
            x = jittered(x, draws, recipe)
        x = self._normalised(x)
        return erased(x, draws, recipe.erase) if recipe.erase else x

    def _floats(self, pixels: Tensor) -> Tensor:
        """(n, H, W, C) uint8 as (n, C, H, W) floats, grey where the network wants one channel."""
        x = pixels.permute(0, 3, 1, 2).contiguous().float()
        return grey(x) if self.in_channels == 1 else x

    def _normalised(self, x: Tensor) -> Tensor:
        return ((x - self.mean) / self.deviation).expand(-1, self.in_channels, -1, -1)


def _picked(chunk: Chunk, rows: Tensor, columns: Tensor) -> Tensor:
    """Pixels (n, side, side, C) at ``rows`` and ``columns`` (n, side) of each image."""
    count, height, width, channels = chunk.store.shape
    flat = ((chunk.at[:, None] * height + rows) * width)[:, :, None] + columns[:, None, :]
    pixels = chunk.store.view(count * height * width, channels).index_select(0, flat.flatten())
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
    for start in range(0, len(images), PASS):
        x = torch.from_numpy(images[start : start + PASS].astype(np.float32))
        x = (grey(x) if in_channels == 1 else x).double()
        sums += torch.stack([x.mean((2, 3)).sum(0), (x * x).mean((2, 3)).sum(0)])
    mean, square = sums / len(images)
    return mean.tolist(), (square - mean**2).clamp_min(1e-6).sqrt().tolist()
