"""Images in memory, decoded once, with explicit splits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from search_spaces.errors import UserError

TRAIN, VAL = 0.6, 0.2  # of each class; the rest is the test split


@dataclass(frozen=True, eq=False)
class Split:
    """``images``: uint8 of shape (N, C, H, W), C being 1 or 3; ``labels``: int64 of shape (N,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Data:
    """A data set. Search and training see ``train`` and ``val``; ``test`` is for one final evaluation.

    ``notes`` say what was done to images that did not fit (sizes, modes).
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    val: Split
    test: Split
    notes: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        return int(self.train.images.shape[1])

    @property
    def image_size(self) -> int:
        return int(self.train.images.shape[2])

    @cached_property
    def digest(self) -> str:
        """``d1-`` and 32 hexadecimal digits of classes, images, labels and splits."""
        sha = hashlib.sha256(repr(self.classes).encode())
        for split in (self.train, self.val, self.test):
            sha.update(repr(split.images.shape).encode())
            sha.update(np.ascontiguousarray(split.images).data)
            sha.update(np.ascontiguousarray(split.labels).data)
        return f"d1-{sha.hexdigest()[:32]}"


def split_by_class(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices of train, validation and test, each class divided 60/20/20 in an order drawn from ``seed``.

    Raises UserError for a class with fewer than three images.
    """
    rng = np.random.default_rng(seed)
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for label in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == label))
        if len(own) < 3:
            raise UserError(f"a class needs at least 3 images to be split, class {label} has {len(own)}")
        first = max(1, round(TRAIN * len(own)))
        first = min(first, len(own) - 2)
        second = min(first + max(1, round(VAL * len(own))), len(own) - 1)
        for part, chosen in zip(parts, np.split(own, [first, second]), strict=True):
            part.append(chosen)
    train, val, test = (rng.permutation(np.concatenate(part)) for part in parts)
    return train, val, test


def split_data(
    name: str,
    classes: tuple[str, ...],
    images: np.ndarray,
    labels: np.ndarray,
    seed: int,
    notes: tuple[str, ...] = (),
) -> Data:
    """A data set without splits of its own, split by class and seed."""
    labels = labels.astype(np.int64)
    train, val, test = (Split(images[index], labels[index]) for index in split_by_class(labels, seed))
    return Data(name, classes, train, val, test, notes)
