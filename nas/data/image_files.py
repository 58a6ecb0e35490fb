"""Image files in class folders: which count, what is left out and said, and a survey of their headers.

One rule each. A class is a visible sub-folder, and all images anywhere below it are its own. Names that begin with a
dot, and what systems leave behind, do not exist. Links are followed; a folder that contains itself is entered once. A
file is an image where Pillow opens it, whatever it is called. The same bytes twice in one class of one split are one.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low
from typing import NamedTuple

import numpy as np

from nas.data.images import GREY_MODES, header, is_image
from nas.data.splits import Files, spread
from search_spaces.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")  # believed unopened
LEFT_BY_SYSTEMS = ("__MACOSX", "__pycache__", "@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information")
MAX_COMPARED = 100_000  # files, up to which copies are looked for
MAX_NAMED = 3  # of what a note lists

Row = tuple[bytes, int, int, int]  # name, byte size, time of change, class


class Found(NamedTuple):
    """Classes, the image files of each folder in order of their names, and one line for each kind of what was left
    out."""

    classes: tuple[str, ...]
    files: dict[str, Files]
    notes: tuple[str, ...]


def find(root: Path, folders: Mapping[str, Path], *, copies: bool = False) -> Found:
    """The images of the classes, which are the sub-folders of the first of ``folders``; names are relative to ``root``.

    ``copies``: images that are there twice count twice. Raises UserError for fewer than two classes, a class that the
    first folder has no image of, and a sub-folder of another folder that is no class.
    """
    first, *others = folders
    classes = _classes(folders[first])
    files, notes = {}, []
    for name, folder in folders.items():
        files[name], other = _files(root, folder, classes)
        notes += _skipped(other)
    for label in sorted(set(range(len(classes))) - set(files[first].labels.tolist())):
        raise UserError(f"{folders[first] / classes[label]} holds no image: remove it, or put some there")
    for name in others:
        absent = [classes[label] for label in sorted(set(range(len(classes))) - set(files[name].labels.tolist()))]
        notes += [f"{folders[name].name} has no image of {_some(absent)}"] if absent else []
    if not copies and sum(map(len, files.values())) <= MAX_COMPARED:
        files, more = _without_copies(files)
        notes += more
    return Found(classes, files, tuple(notes))


class Listed(NamedTuple):
    """Image files by path; for each the class that its folder says, where folders are named as classes; and one line
    for each folder in which files were left out."""

    paths: tuple[Path, ...]
    labels: tuple[str | None, ...]
    notes: tuple[str, ...]


def listed(paths: Sequence[str | Path], classes: Collection[str] = ()) -> Listed:
    """Files as they are named, and of each folder all images anywhere below it, in order of their names.

    Where all sub-folders of a folder are named as ``classes``, they are what the images in them show. Raises UserError
    for a folder without an image.
    """
    images: list[tuple[Path, str | None]] = []
    notes: list[str] = []
    for path in map(Path, paths):
        if not path.is_dir():
            images.append((path, None))
            continue
        other: list[str] = []
        names = [Path(os.fsdecode(row[0])) for row in _images(path, path, 0, other)]
        if not names:
            raise UserError(f"{path} holds no image")
        labels = set(sub_folders(path)) if set(sub_folders(path)) <= set(classes) else set()
        images += [(path / name, name.parts[0] if name.parts[0] in labels else None) for name in names]
        notes += [f"{path}: {note}" for note in _skipped(other)]
    return Listed(tuple(path for path, _ in images), tuple(label for _, label in images), tuple(notes))


@dataclass(frozen=True)
class Survey:
    """What the headers of ``total`` images say: how many have which size (width, height), and Pillow's modes."""

    total: int
    sizes: Counter[tuple[int, int]]
    modes: tuple[str, ...]

    @property
    def side(self) -> int:
        """The shorter side, in pixels, that at least half of the images have; else the median of all of them."""
        sides = Counter[int]()
        for size, count in self.sizes.items():
            sides[min(size)] += count
        side, count = sides.most_common(1)[0]
        return side if 2 * count >= self.sizes.total() else median_low(sides.elements())

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


def sub_folders(root: Path) -> list[str]:
    """Names of the visible folders in ``root``, sorted. Raises UserError where it cannot be read."""
    try:
        return sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and is_visible(entry.name))
    except OSError as error:
        raise UserError(f"{root} cannot be read: {error.strerror}") from None


def is_visible(name: str) -> bool:
    """Not hidden, and not one of the companions that systems leave."""
    return name[0] != "." and name not in LEFT_BY_SYSTEMS


def _classes(root: Path) -> tuple[str, ...]:
    classes = tuple(sub_folders(root))
    if len(classes) < 2:
        raise UserError(f"{root} must have a sub-folder of images for each of at least 2 classes, found {len(classes)}")
    return classes


def _files(root: Path, folder: Path, classes: tuple[str, ...]) -> tuple[Files, list[str]]:
    """The images of a folder, and the names of the files that are none."""
    for name in sorted(set(sub_folders(folder)) - set(classes)):
        raise UserError(f"{folder / name} is no class of the train folder")
    rows: list[Row] = []
    other: list[str] = []
    for label, name in enumerate(classes):
        rows += _images(root, folder / name, label, other)
    names, *numbers = zip(*rows, strict=True) if rows else ((), (), (), ())
    columns = (np.array(column, dtype=np.int64) for column in numbers)
    return Files(str(root), np.array(names or (), dtype=None if names else "S1"), *columns), other


def _images(root: Path, folder: Path, label: int, other: list[str]) -> list[Row]:
    """The images anywhere below a folder in order of their names; the names of files that are none go to ``other``."""
    images = [row for row in _rows(root, folder, label) if _counts(root, row, other)]
    return sorted(images, key=lambda row: row[0].split(os.fsencode(os.sep)))


def _counts(root: Path, row: Row, other: list[str]) -> bool:
    """Whether the file is an image; the name of one that is none goes to ``other``."""
    name = os.fsdecode(row[0])
    if name.lower().endswith(SUFFIXES) or is_image(root / name):
        return True
    other.append(name)
    return False


def _rows(root: Path, folder: Path, label: int) -> Iterator[Row]:
    """Every visible file below a folder, by whatever links it is reached."""
    entered: set[tuple[int, int]] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        status = os.stat(place)
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        folders[:] = sorted(filter(is_visible, folders))
        relative = os.path.relpath(place, root)
        for name in filter(is_visible, names):
            if (file := _status(os.path.join(place, name))) is not None:
                yield os.fsencode(os.path.normpath(os.path.join(relative, name))), file.st_size, file.st_mtime_ns, label


def _status(path: str) -> os.stat_result | None:
    """The status of a file; None for what is none: a link to nowhere, a pipe."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _without_copies(files: Mapping[str, Files]) -> tuple[dict[str, Files], list[str]]:
    """The files without those that another of the same class and split equals byte for byte, and notes on them."""
    sizes = Counter(size for split in files.values() for size in split.sizes.tolist())
    places: dict[bytes, set[tuple[str, int]]] = {}
    kept, copies = {}, []
    for name, split in files.items():
        index = []
        for place in range(len(split)):
            key = _content(split.path(place)) if sizes[int(split.sizes[place])] > 1 else b""
            seen = places.setdefault(key, set()) if key else set()
            if (name, int(split.labels[place])) in seen:
                copies.append(os.fsdecode(split.names[place]))
            else:
                index.append(place)
            seen.add((name, int(split.labels[place])))
        kept[name] = split[np.array(index, dtype=np.int64)]
    across = sum(len(seen) > 1 for seen in places.values())
    notes = [f"copies of other images of their class, not read: {len(copies)} ({_some(copies)})"] if copies else []
    notes += [f"images in several classes or splits, byte for byte: {across}"] if across else []
    return kept, notes


def _content(path: Path) -> bytes:
    """What tells the file's bytes from others; nothing where it cannot be read, which its decoding will say."""
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return b""


def _skipped(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    endings = Counter(Path(name).suffix.lower() or "no ending" for name in names)
    kinds = ", ".join(f"{count} {ending}" for ending, count in endings.most_common(MAX_NAMED))
    return [f"files that are no images, not read: {len(names)} ({kinds}: {_some(names)})"]


def _some(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
