"""Random numbers for images: a pure function of seed, epoch, image and purpose."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

WEYL, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws for the images ``index`` (N,) of one epoch. An image has the same ones in whatever batch, process or
    order it comes."""

    seed: int
    epoch: int
    index: Tensor
    device: str = "cpu"

    def uniform(self, purpose: str) -> Tensor:
        """One number in [0, 1) per image, (N,), independent of those for other purposes.

        SplitMix64 (Steele, Lea & Flood 2014, fig. 17) of a hash of (seed, epoch, purpose) and the image's index.
        """
        state = np.uint64(_start(self.seed, self.epoch, purpose)) + self.index.numpy().astype(np.uint64) * np.uint64(
            WEYL
        )
        state = (state ^ (state >> np.uint64(30))) * np.uint64(FIRST)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(SECOND)
        high = (state ^ (state >> np.uint64(31))) >> np.uint64(40)
        return torch.from_numpy(high.astype(np.float32) * np.float32(2**-24)).to(self.device, non_blocking=True)

    def signed(self, purpose: str) -> Tensor:
        """The same in [-1, 1)."""
        return self.uniform(purpose) * 2 - 1

    def integers(self, purpose: str, count: int) -> Tensor:
        """The same as whole numbers 0 … count - 1."""
        return (self.uniform(purpose) * count).long()


def epoch_order(count: int, seed: int, epoch: int) -> Tensor:
    """Order (count,) of the images in one epoch, from seed and epoch alone."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + epoch) % 2**63)
    return torch.randperm(count, generator=generator)


def draw_by(seed: int, device: str) -> None:
    """Begin the random numbers of layers (dropout, drop-path) anew, those of the CPU and of ``device``.

    The same as torch.manual_seed, which writes down where it was called from for each kind of device: 1.6 ms.
    """
    torch.default_generator.manual_seed(seed)
    if device.startswith("cuda"):
        torch.cuda.manual_seed_all(seed)


@lru_cache(maxsize=256)
def _start(seed: int, epoch: int, purpose: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}|{epoch}|{purpose}".encode(), digest_size=8).digest(), "big")
