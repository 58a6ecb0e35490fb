"""A data set: classes and explicit splits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nas.data.splits import Split, StreamedSplit, channels_last
from search_spaces.errors import UserError

SPLITS = ("train", "val", "test")
TRAIN, VAL = 0.6, 0.2  # of each class; the rest is the test split
HELD_OUT = 0.1  # of each class of train, where a data set has its own test split but no validation split


@dataclass(frozen=True, eq=False)
class Data:
    """A data set. Search and training see ``train`` and ``val``; ``test`` is for one final evaluation.

    The splits are all of one kind: in memory (Split), or read from their files one by one (StreamedSplit).
    ``notes`` say what was done to images that did not fit (sizes, modes). ``mirrors``: a mirrored image keeps its
    label.
    """

    name: str
    classes: tuple[str, ...]
    train: Split | StreamedSplit
    val: Split | StreamedSplit
    test: Split | StreamedSplit
    notes: tuple[str, ...] = ()
    mirrors: bool = True

    @property
    def streamed(self) -> bool:
        """Whether the images are too many for memory."""
        return isinstance(self.train, StreamedSplit)

    @property
    def channels(self) -> int:
        return self.train.channels

    @property
    def image_size(self) -> int:
        return self.train.side

    @cached_property
    def digest(self) -> str:
        """``d1-`` and 32 hexadecimal digits of classes, images, labels and splits.

        Of a streamed set ``f1-`` and 32 digits of classes, image size, channels, and each split's file names
        (relative to the set's folder), byte sizes and labels: a file changed in place, to the same length, is
        not noticed.
        """
        sha = hashlib.sha256(repr(self.classes).encode())
        for name in SPLITS:
            getattr(self, name).feed(sha.update)
        return f"{'f1' if self.streamed else 'd1'}-{sha.hexdigest()[:32]}"

    def noted(self, *notes: str) -> Data:
        """The same with more notes; a digest that is known stays known."""
        data = replace(self, notes=(*self.notes, *notes))
        return data.known_as(self.digest) if "digest" in vars(self) else data

    def known_as(self, digest: str) -> Data:
        """This data set, its digest stored somewhere and not to be computed again."""
        vars(self)["digest"] = digest
        return self


def split_by_class(
    labels: np.ndarray, seed: int, classes: Sequence[str] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices of train, validation and test, each class divided 60/20/20 in an order drawn from ``seed``.

    Raises UserError, with its name among ``classes``, for a class with fewer than three images.
    """
    rng = np.random.default_rng(seed)
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for label in np.unique(labels):
        index = rng.permutation(np.flatnonzero(labels == label))
        count = len(index)
        if count < 3:
            raise UserError(f"a class needs at least 3 images to be split, {_class_name(label, classes)} has {count}")
        first = min(max(1, round(TRAIN * count)), count - 2)
        second = min(first + max(1, round(VAL * count)), count - 1)
        for part, chosen in zip(parts, np.split(index, [first, second]), strict=True):
            part.append(chosen)
    train, val, test = (rng.permutation(np.concatenate(part)) for part in parts)
    return train, val, test


def _class_name(label: int, classes: Sequence[str] | None) -> str:
    return f"class {label}" if classes is None else f"class {classes[label]!r}"


def hold_out(
    labels: np.ndarray, seed: int, max_images: int | None = None, classes: Sequence[str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of train and validation: a tenth of each class, or a smaller share of each so that validation has
    about ``max_images`` images, in an order drawn from ``seed``.

    Raises UserError, with its name among ``classes``, for a class with a single image.
    """
    rng = np.random.default_rng(seed)
    share = HELD_OUT if max_images is None else min(HELD_OUT, max_images / len(labels))
    train: list[np.ndarray] = []
    val: list[np.ndarray] = []
    order = np.argsort(labels, kind="stable")
    for index in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        if len(index) < 2:
            name = _class_name(labels[index[0]], classes)
            raise UserError(f"a class needs at least 2 images in train, {name} has {len(index)}")
        drawn = rng.permutation(index)
        count = max(1, round(share * len(drawn)))
        val.append(drawn[:count])
        train.append(drawn[count:])
    return rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(val))


def split_data(
    name: str,
    classes: tuple[str, ...],
    images: np.ndarray,
    labels: np.ndarray,
    seed: int,
    notes: tuple[str, ...] = (),
) -> Data:
    """A data set without splits of its own, ``images`` (N, C, H, W), split by class and seed."""
    train, val, test = (split_at(images, labels, index) for index in split_by_class(labels, seed, classes))
    return Data(name, classes, train, val, test, notes)


def split_at(images: np.ndarray, labels: np.ndarray, index: np.ndarray) -> Split:
    """The images (N, C, H, W) and labels (N,) at ``index``."""
    return Split(channels_last(images, index), labels[index].astype(np.int64))


def held_out_data(
    name: str,
    classes: tuple[str, ...],
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    seed: int,
) -> Data:
    """A data set with its own train and test, each images (N, C, H, W) and labels (N,); validation is a tenth of
    each class of train, drawn by ``seed``."""
    first, second = hold_out(train[1], seed, classes=classes)
    whole = np.arange(len(test[1]))
    return Data(name, classes, split_at(*train, first), split_at(*train, second), split_at(*test, whole))
