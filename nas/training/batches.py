"""From uint8 images to what a network eats: resized, augmented with one draw per image, normalised."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from nas.data import Data, Split
from nas.training.recipe import Recipe

DRAWS = 8  # uniform numbers per image and epoch
LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601


@dataclass(frozen=True, eq=False)
class Batches:
    """Images (N, C, H, W) uint8 and labels (N,) on the device, with the mean and deviation of the training split.

    Batches have ``in_channels`` channels: grey is repeated, colour becomes grey by luminance.
    """

    images: Tensor
    labels: Tensor
    mean: Tensor
    deviation: Tensor
    side: int
    in_channels: int

    def __len__(self) -> int:
        return len(self.labels)

    def plain(self, index: Tensor) -> Tensor:
        """Normalised float images (len(index), in_channels, side, side), resized, channels last."""
        identity = torch.eye(2, 3, device=self.images.device).expand(len(index), 2, 3)
        return self._resampled(index, identity)

    def augmented(self, index: Tensor, draws: Tensor, recipe: Recipe) -> Tensor:
        """The same with the recipe's augmentation; row i of ``draws`` (N, 8), uniform in 0 to 1, is image i's."""
        own = draws[index]
        x = self._resampled(index, _affine(own, recipe))
        return _erased(x, own, recipe.erase) if recipe.erase else x

    def _resampled(self, index: Tensor, theta: Tensor) -> Tensor:
        x = _channels(self.images[index].float(), self.in_channels)
        x = (x - self.mean) / self.deviation
        if self.side < x.shape[-1]:
            x = F.interpolate(x, (self.side, self.side), mode="bilinear", antialias=True, align_corners=False)
        grid = F.affine_grid(theta, [len(index), self.in_channels, self.side, self.side], align_corners=False)
        x = F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)
        return x.contiguous(memory_format=torch.channels_last)


def batches(split: Split, data: Data, side: int, in_channels: int, device: str) -> Batches:
    """A split on the device, normalised by the training split's statistics per channel."""
    mean, deviation = _statistics(data.train.images, in_channels)
    images = torch.from_numpy(np.ascontiguousarray(split.images)).to(device)
    labels = torch.from_numpy(split.labels).to(device)
    shape = (1, in_channels, 1, 1)
    return Batches(images, labels, mean.view(shape).to(device), deviation.view(shape).to(device), side, in_channels)


def epoch_draws(count: int, seed: int, epoch: int) -> tuple[Tensor, Tensor]:
    """Order of the images (count,) and draws (count, 8) of one epoch, from seed and epoch alone."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + epoch) % 2**63)
    return torch.randperm(count, generator=generator), torch.rand((count, DRAWS), generator=generator)


def _statistics(images: np.ndarray, in_channels: int) -> tuple[Tensor, Tensor]:
    total = torch.zeros(in_channels, dtype=torch.float64)
    squares = torch.zeros(in_channels, dtype=torch.float64)
    for start in range(0, len(images), 4096):
        x = _channels(torch.from_numpy(images[start : start + 4096].astype(np.float32)), in_channels).double()
        total += x.sum((0, 2, 3))
        squares += (x * x).sum((0, 2, 3))
    count = len(images) * images.shape[2] * images.shape[3]
    mean = total / count
    return mean.float(), (squares / count - mean**2).clamp_min(1e-6).sqrt().float()


def _channels(x: Tensor, in_channels: int) -> Tensor:
    if x.shape[1] == in_channels:
        return x
    if x.shape[1] == 3:
        weights = torch.tensor(LUMINANCE, dtype=x.dtype, device=x.device).view(1, 3, 1, 1)
        x = (x * weights).sum(1, keepdim=True)
    return x.expand(-1, in_channels, -1, -1)


def _affine(draws: Tensor, recipe: Recipe) -> Tensor:
    """Matrices (N, 2, 3) from output to input coordinates: rotation, scale and shift, perhaps mirrored."""
    signed = draws * 2 - 1
    angle = signed[:, 0] * (recipe.rotate * pi / 180)
    size = 1 + signed[:, 1] * recipe.scale
    mirror = torch.where(draws[:, 4] < 0.5, -1.0, 1.0) if recipe.flip else torch.ones_like(angle)
    cos, sin = angle.cos() * size, angle.sin() * size
    shift = signed[:, 2:4] * (2 * recipe.shift)
    first = torch.stack([cos * mirror, -sin, shift[:, 0]], dim=1)
    second = torch.stack([sin * mirror, cos, shift[:, 1]], dim=1)
    return torch.stack([first, second], dim=1)


def _erased(x: Tensor, draws: Tensor, most: float) -> Tensor:
    """A square of up to ``most`` of the side set to the mean, at a place of its own in each image."""
    side = x.shape[-1]
    at = torch.arange(side, device=x.device)
    half = draws[:, 5] * (most * side / 2)

    def inside(draw: Tensor) -> Tensor:
        return (at[None] - draw[:, None] * side).abs() <= half[:, None]

    hit = inside(draws[:, 6])[:, None, :, None] & inside(draws[:, 7])[:, None, None, :]
    return x.masked_fill(hit, 0.0)
