"""Image files in class folders: their list, and a survey of their headers."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.data.images import GREY_MODES, header
from nas.data.splits import Files, spread
from search_spaces.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")

Row = tuple[bytes, int, int, int]  # name, byte size, time of change, class


def find(root: Path, folders: Mapping[str, Path]) -> tuple[tuple[str, ...], dict[str, Files]]:
    """Classes, the sub-folders of the first of ``folders``, and each folder's image files in order of their names.

    Names are relative to ``root``. Raises UserError for fewer than two classes, a class without images, and a
    sub-folder of another folder that is no class.
    """
    classes = _classes(next(iter(folders.values())))
    return classes, {name: _files(root, folder, classes) for name, folder in folders.items()}


@dataclass(frozen=True)
class Survey:
    """What the headers of ``total`` images say: how many have which size (width, height), and Pillow's modes."""

    total: int
    sizes: Counter[tuple[int, int]]
    modes: tuple[str, ...]

    @property
    def side(self) -> int:
        """The most frequent size's shorter side, in pixels."""
        return min(self.sizes.most_common(1)[0][0])

    @property
    def channels(self) -> int:
        """1 where all images are grey, else 3."""
        return 1 if all(mode in GREY_MODES for mode in self.modes) else 3

    def bytes_at(self, side: int) -> int:
        """Bytes of all images, decoded at ``side`` pixels."""
        return self.total * side * side * self.channels

    def notes(self, side: int) -> list[str]:
        """What is done to images that do not fit."""
        read = self.sizes.total()
        resized = read - self.sizes[side, side]
        all_of = f"{read}" if read == self.total else f"a sample of {read:,}"
        notes = [f"{resized} of {all_of} images resized and cropped to {side}x{side}"] if resized else []
        if len(self.modes) > 1:
            notes.append(f"modes {', '.join(self.modes)} converted to {'grey' if self.channels == 1 else 'RGB'}")
        return notes


def survey(splits: Collection[Files], max_headers: int) -> Survey:
    """Headers of all files; where there are more than ``max_headers``, those of an evenly spaced sample.

    Raises UserError for a file that is no image.
    """
    total = sum(map(len, splits))
    headers = [header(path) for path in _sample(splits, spread(total, max_headers))]
    return Survey(total, Counter(size for size, _ in headers), tuple(sorted({mode for _, mode in headers})))


def _sample(splits: Collection[Files], index: np.ndarray) -> Iterator[Path]:
    start = 0
    for files in splits:
        inside = index[(index >= start) & (index < start + len(files))]
        yield from files[inside - start].paths()
        start += len(files)


def _classes(root: Path) -> tuple[str, ...]:
    classes = tuple(sorted(_folders(root)))
    if len(classes) < 2:
        raise UserError(f"{root} must have a sub-folder of images for each of at least 2 classes, found {len(classes)}")
    return classes


def _files(root: Path, folder: Path, classes: tuple[str, ...]) -> Files:
    for name in sorted(set(_folders(folder)) - set(classes)):
        raise UserError(f"{folder / name} is no class of the train folder")
    rows: list[Row] = []
    for label, name in enumerate(classes):
        images = sorted(_rows(root, folder / name, label), key=lambda row: row[0].split(os.fsencode(os.sep)))
        if not images:
            raise UserError(f"{folder / name} holds no image ({', '.join(SUFFIXES)})")
        rows += images
    names, *numbers = zip(*rows, strict=True)
    return Files(str(root), np.array(names), *(np.array(column, dtype=np.int64) for column in numbers))


def _rows(root: Path, folder: Path, label: int) -> Iterator[Row]:
    for place, _, names in os.walk(folder):
        relative = os.path.relpath(place, root)
        for name in names:
            if not name.lower().endswith(SUFFIXES) or not _is_visible(name):
                continue
            if (status := _status(os.path.join(place, name))) is not None:
                yield os.fsencode(os.path.join(relative, name)), status.st_size, status.st_mtime_ns, label


def _status(path: str) -> os.stat_result | None:
    """The status of a file; None for what is none: a link to nowhere, a pipe."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _folders(root: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(root) if entry.is_dir() and _is_visible(entry.name)]
    except OSError as error:
        raise UserError(f"{root} cannot be read: {error.strerror}") from None


def _is_visible(name: str) -> bool:
    """Not hidden, and not one of the companions that macOS leaves."""
    return name[0] != "." and name != "__MACOSX"
