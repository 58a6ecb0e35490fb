"""Images and labels in one file of NumPy arrays."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from nas.data.dataset import Data, hold_out, split_at, split_data
from nas.data.splits import Split
from nas.data.store import fingerprint, kept, stamps
from nas.machine import usable_memory
from search_spaces.errors import UserError

KEYS = {  # names of images and labels, by split; a file uses one of the three styles
    "one": {"all": ("images", "labels")},
    "numpy": {name: (f"{name}_images", f"{name}_labels") for name in ("train", "val", "test")},
    "keras": {name: (f"x_{name}", f"y_{name}") for name in ("train", "val", "test")},
}
UNREADABLE = (
    *(OSError, EOFError, ValueError, KeyError, OverflowError, MemoryError, RuntimeError, struct.error, TokenError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)
"""What zipfile and NumPy raise of archives that are damaged, encrypted, or packed in ways of another time."""
LARGE = 10**9  # bytes of arrays, from which on they must look like images
MAX_RATIO = 100  # of their bytes to those of the file; photos come to 2, drawings to 30
COPIES = 2  # of all images in memory while the splits are made
CHUNK = 4096  # images made opaque at a time

Arrays = dict[str, tuple[np.ndarray, np.ndarray]]  # images (N, C, H, W) and labels (N,), by split


def npz(path: Path, seed: int = 0) -> Data:
    """The images and labels in an npz file.

    Either ``images`` and ``labels``, divided 60/20/20 by class and seed, or ``train_images``, ``train_labels``,
    ``test_images``, ``test_labels`` (or Keras' ``x_train``, ``y_train``, ``x_test``, ``y_test``), perhaps with the
    same for ``val``, else a tenth of each class of train becomes validation. Images are uint8 of shape (N, H, W),
    (N, H, W, C) or (N, C, H, W), square, C being 1, 3 or 4 (transparency, put over black). Labels are integers,
    numbered in their order; ``classes`` names them. Raises UserError that names the file, the rule and the value.
    """
    if not path.is_file():
        raise UserError(f"{path} is not a file")
    return kept(fingerprint("npz", path.stem, seed, stamps([path])), lambda: _load(path, seed))


def _load(path: Path, seed: int) -> Data:
    with _named(path):
        arrays, names = _read(path)
        values, arrays = _numbered(arrays)
        classes = _classes(names, values)
        if "all" in arrays:
            return split_data(path.stem, classes, *arrays["all"], seed)
        splits = _completed(arrays, seed)
        return Data(path.stem, classes, splits["train"], splits["val"], splits["test"])


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors with the file's name in front."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{path.name}: {error}") from None
    except UNREADABLE as error:
        pickled = "allow_pickle" in str(error)
        reason = "it holds Python objects, which are not read" if pickled else str(error) or type(error).__name__
        raise UserError(f"{path.name} is not a readable npz file: {reason}") from None


def _read(path: Path) -> tuple[Arrays, np.ndarray | None]:
    with path.open("rb") as opened:
        file = np.load(opened, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise UserError("must be an npz file of named arrays, got a single array")
        _check_memory(path, usable_memory())
        keys = _keys(set(file.files))
        arrays = {name: _pair(file, *names) for name, names in keys.items()}
        return arrays, file["classes"] if "classes" in file.files else None


def _check_memory(path: Path, free: int | None) -> None:
    """Raise UserError where the arrays and the splits made of them would fill the memory, and for large ones that
    hardly take any room in the file, which images never do."""
    with zipfile.ZipFile(path) as file:
        members = file.infolist()
    unpacked, packed = (sum(getattr(m, size) for m in members) for size in ("file_size", "compress_size"))
    if unpacked > LARGE and unpacked > MAX_RATIO * packed:
        raise UserError(f"its arrays unfold from {packed / 1e6:.0f} MB to {unpacked / 1e9:.1f} GB: these are no images")
    needed = COPIES * unpacked
    if free is not None and needed > free:
        raise UserError(f"its arrays take {needed / 1e9:.1f} GB unpacked, with a copy; {free / 1e9:.1f} GB are free")


def _keys(arrays: set[str]) -> dict[str, tuple[str, str]]:
    """Names of the arrays by split: of the first style of which all but ``val`` is there."""
    for style in KEYS.values():
        if all(set(names) <= arrays for split, names in style.items() if split != "val"):
            return {split: names for split, names in style.items() if set(names) <= arrays}
    raise UserError(
        "must hold images and labels, or train_images, train_labels, test_images and test_labels, "
        f"or x_train, y_train, x_test and y_test; got {', '.join(sorted(arrays)) or 'nothing'}"
    )


def _pair(file: Mapping[str, Any], images: str, labels: str) -> tuple[np.ndarray, np.ndarray]:
    pixels, numbers = _pixels(images, file[images]), file[labels]
    if not np.issubdtype(numbers.dtype, np.integer):
        raise UserError(f"{labels} must be integers, got {numbers.dtype}")
    if numbers.shape not in ((len(pixels),), (len(pixels), 1)):
        raise UserError(f"{labels} must have shape ({len(pixels)},), as many as {images}, got {numbers.shape}")
    return pixels, numbers.reshape(-1)


def _pixels(name: str, images: np.ndarray) -> np.ndarray:
    """As (N, C, H, W), C being 1 or 3."""
    if images.dtype != np.uint8:
        raise UserError(f"{name} must be uint8, got {images.dtype}")
    shape = images.shape
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and shape[3] in (1, 3, 4) and (shape[1] == shape[2] or shape[1] not in (1, 3, 4)):
        images = images.transpose(0, 3, 1, 2)
    elif images.ndim != 4 or shape[1] not in (1, 3, 4):
        raise UserError(f"{name} must have shape (N, H, W), (N, H, W, C) or (N, C, H, W), C 1, 3 or 4, got {shape}")
    if images.shape[2] != images.shape[3]:
        raise UserError(f"{name} must be square, got {images.shape[2]}x{images.shape[3]} pixels (shape {shape})")
    if 0 in shape:
        raise UserError(f"{name} must not be empty, got shape {shape}")
    return _opaque(images) if images.shape[1] == 4 else images


def _opaque(images: np.ndarray) -> np.ndarray:
    """Colour over black, from (N, 4, H, W) to (N, 3, H, W), rounded to nearest."""
    colours = np.empty((len(images), 3, *images.shape[2:]), dtype=np.uint8)
    for start in range(0, len(images), CHUNK):
        pixels = images[start : start + CHUNK].astype(np.uint16)
        colours[start : start + CHUNK] = (pixels[:, :3] * pixels[:, 3:] + 127) // 255
    return colours


def _numbered(arrays: Arrays) -> tuple[np.ndarray, Arrays]:
    """The labels that occur in train (or in all), sorted, and the arrays with labels as places among them."""
    shapes = {images.shape[1:] for images, _ in arrays.values()}
    if len(shapes) > 1:
        raise UserError(f"images of all splits must have one shape (C, H, W), got {' and '.join(map(str, shapes))}")
    values = np.unique(next(iter(arrays.values()))[1])
    for name, (_, labels) in arrays.items():
        unknown = np.setdiff1d(labels, values)
        if len(unknown):
            raise UserError(f"label {unknown[0]} is in {name} but not in train")
    if len(values) < 2:
        raise UserError(f"labels must be of at least 2 classes, got {len(values)}")
    return values, {name: (images, np.searchsorted(values, labels)) for name, (images, labels) in arrays.items()}


def _classes(names: np.ndarray | None, values: np.ndarray) -> tuple[str, ...]:
    if names is None:
        return tuple(str(value) for value in values)
    if names.dtype.kind != "U" or names.shape != values.shape:
        raise UserError(
            f"classes must be {len(values)} texts, one for each label, got {names.dtype} of shape {names.shape}"
        )
    return tuple(str(name) for name in names)


def _completed(arrays: Arrays, seed: int) -> dict[str, Split]:
    splits = {name: split_at(*pair, np.arange(len(pair[1]))) for name, pair in arrays.items()}
    if "val" not in splits:
        first, second = hold_out(arrays["train"][1], seed)
        splits |= {"train": split_at(*arrays["train"], first), "val": split_at(*arrays["train"], second)}
    return splits
