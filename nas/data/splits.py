"""A split of a data set: images in memory, or image files that are read one by one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.data.centre_crop import CentreCrop
from nas.data.images import decode, read_image

CHUNK = 1 << 24  # bytes that are hashed at a time

Update = Callable[[bytes | memoryview], None]  # of a hash


def spread(total: int, count: int) -> np.ndarray:
    """Indices of ``count`` evenly spaced ones of ``total``, in order; all of them where there are no more."""
    return np.linspace(0, total - 1, min(count, total)).round().astype(np.int64)


@dataclass(frozen=True, eq=False)
class Split:
    """``images``: uint8 of shape (N, C, H, W), C being 1 or 3; ``labels``: int64 of shape (N,).

    In memory the data sets keep channels last: ``images.transpose(0, 2, 3, 1)`` is contiguous. The arrays may be
    a file that all processes share, where a write stays in the process that made it.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def channels(self) -> int:
        return int(self.images.shape[1])

    @property
    def side(self) -> int:
        return int(self.images.shape[2])

    def read(self, index: int) -> np.ndarray:
        """Image ``index`` as uint8 (C, side, side)."""
        image: np.ndarray = self.images[index]
        return image

    def sample(self, count: int) -> np.ndarray:
        """uint8 (n, C, side, side): ``count`` evenly spaced images (those at ``spread``), or all if fewer."""
        return self.images if count >= len(self) else channels_last(self.images, spread(len(self), count))

    def feed(self, update: Update) -> None:
        """Shape, pixels and labels into a hash, without a copy of all pixels."""
        update(repr(self.images.shape).encode())
        count = max(1, CHUNK // self.images[0].size)
        for start in range(0, len(self), count):
            update(np.ascontiguousarray(self.images[start : start + count]).data)
        update(np.ascontiguousarray(self.labels).data)


@dataclass(frozen=True, eq=False)
class Files:
    """Image files below ``root``: ``names`` relative to it (N,) as the system's bytes, ``sizes`` in bytes,
    ``times`` of change in nanoseconds and class ``labels``, each int64 (N,).

    Arrays, not lists: a million paths take little memory and stay shared between worker processes.
    """

    root: str
    names: np.ndarray
    sizes: np.ndarray
    times: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: np.ndarray) -> Files:
        return Files(self.root, self.names[index], self.sizes[index], self.times[index], self.labels[index])

    def path(self, index: int) -> Path:
        return Path(self.root, os.fsdecode(self.names[index]))

    def paths(self) -> list[Path]:
        return [self.path(index) for index in range(len(self))]


@dataclass(frozen=True, eq=False)
class StreamedSplit:
    """Images too many for memory: each is decoded from its file when it is read, as (C, side, side).

    Cheap to copy into worker processes: paths and labels only. ``labels`` is int64 (N,); C is 1 (grey) or 3. With a
    ``centre_crop``, that is what is read, and ``side`` is the side of it.
    """

    files: Files
    side: int
    channels: int
    centre_crop: CentreCrop | None = None

    def __len__(self) -> int:
        return len(self.files)

    @property
    def labels(self) -> np.ndarray:
        return self.files.labels

    def read(self, index: int) -> np.ndarray:
        """Image ``index`` as uint8 (C, side, side), by the rule of ``read_image``. Raises UserError that names a
        file that cannot be read."""
        return read_image(self.files.path(index), self.centre_crop or self.side, self.channels)

    def sample(self, count: int) -> np.ndarray:
        """uint8 (n, C, side, side): ``count`` evenly spaced images (those at ``spread``), or all if fewer."""
        return decode(self.files[spread(len(self), count)].paths(), self.side, self.channels)

    def feed(self, update: Update) -> None:
        """Side, channels, names, byte sizes and labels into a hash: what tells the images without reading them."""
        update(repr((len(self), self.side, self.channels)).encode())
        update(b"\0".join(self.files.names.tolist()))
        update(self.files.sizes.tobytes() + self.files.labels.tobytes())


def channels_last(images: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Those of ``images`` (N, C, H, W) at ``index``, as an array of that shape with channels last in memory."""
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1)[index]).transpose(0, 3, 1, 2)
