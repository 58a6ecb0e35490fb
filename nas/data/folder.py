"""A folder of images: one sub-folder per class, with or without ``train``, ``val`` and ``test`` above them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from nas.data.dataset import Data, Split, split_by_class, split_data
from search_spaces.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
SPLITS = ("train", "val", "test")
GREY_MODES = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F")
MOST_BYTES = 8 * 10**9

Found = list[tuple[Path, int]]


def folder(path: Path, seed: int = 0) -> Data:
    """The images under ``path``, decoded into memory as uint8.

    Grey only: one channel; else RGB (transparency over black, palettes resolved, 16 bits scaled to 8). Images
    of several sizes are brought to the most frequent one's shorter side: resized, then cropped at the centre.
    Without ``train``/``test`` folders each class is split 60/20/20 by ``seed``; without ``val`` alone, a
    quarter of train becomes validation. Raises UserError that names folder or file and rule.
    """
    if not path.is_dir():
        raise UserError(f"{path} is not a folder of images")
    own = [name for name in SPLITS if (path / name).is_dir()]
    if own and "train" not in own:
        raise UserError(f"{path} has {' and '.join(own)} but no train folder")
    roots = {name: path / name for name in own} or {"all": path}
    classes = _classes(next(iter(roots.values())))
    found = {name: _files(root, classes) for name, root in roots.items()}
    side, grey, notes = _survey([file for files in found.values() for file, _ in files])
    splits = {name: _decoded(files, side, grey) for name, files in found.items()}
    name = path.resolve().name
    if "all" in splits:
        return split_data(name, classes, splits["all"].images, splits["all"].labels, seed, notes)
    return Data(name, classes, **_completed(splits, seed), notes=notes)


def _completed(splits: dict[str, Split], seed: int) -> dict[str, Split]:
    """Splits that are missing, taken from train by class and seed."""
    train = splits["train"]
    if "val" in splits and "test" in splits:
        return splits
    first, second, third = split_by_class(train.labels, seed)
    if "test" in splits:
        first, second = np.concatenate([first, third]), second
        return {**splits, "train": _part(train, first), "val": _part(train, second)}
    if "val" in splits:
        return {**splits, "train": _part(train, np.concatenate([first, second])), "test": _part(train, third)}
    return {"train": _part(train, first), "val": _part(train, second), "test": _part(train, third)}


def _part(split: Split, index: np.ndarray) -> Split:
    return Split(split.images[index], split.labels[index])


def _classes(root: Path) -> tuple[str, ...]:
    classes = tuple(sorted(each.name for each in root.iterdir() if each.is_dir() and _is_own(each)))
    if len(classes) < 2:
        raise UserError(f"{root} must have a sub-folder of images for each of at least 2 classes, found {len(classes)}")
    return classes


def _files(root: Path, classes: tuple[str, ...]) -> Found:
    """Image files with their class, in the order of their names."""
    strange = [each.name for each in root.iterdir() if each.is_dir() and _is_own(each)]
    for name in sorted(set(strange) - set(classes)):
        raise UserError(f"{root / name} is no class of the train folder")
    found: Found = []
    for label, name in enumerate(classes):
        own = sorted(
            each
            for each in (root / name).rglob("*")
            if each.suffix.lower() in SUFFIXES and _is_own(each) and each.is_file()
        )
        if not own:
            raise UserError(f"{root / name} holds no image ({', '.join(SUFFIXES)})")
        found += [(file, label) for file in own]
    return found


def _is_own(path: Path) -> bool:
    """Not hidden, and not one of the companions that macOS leaves."""
    return path.name[0] != "." and path.name != "__MACOSX"


def _survey(files: list[Path]) -> tuple[int, bool, tuple[str, ...]]:
    """Common side in pixels, whether all are grey, and notes, from the files' headers."""
    sizes: Counter[tuple[int, int]] = Counter()
    modes: Counter[str] = Counter()
    for file in files:
        try:
            with Image.open(file) as image:
                sizes[image.size] += 1
                modes[image.mode] += 1
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise _corrupt(file, error) from None
    side = min(sizes.most_common(1)[0][0])
    grey = all(mode in GREY_MODES for mode in modes)
    total = len(files) * side * side * (1 if grey else 3)
    if total > MOST_BYTES:
        raise UserError(f"{len(files)} images of {side} px take {total:,} bytes; at most {MOST_BYTES:,} fit in memory")
    other = sum(number for size, number in sizes.items() if size != (side, side))
    notes = [f"{other} of {len(files)} images resized and cropped to {side}x{side}"] if other else []
    if len(modes) > 1:
        notes.append(f"modes {', '.join(sorted(modes))} converted to {'grey' if grey else 'RGB'}")
    return side, grey, tuple(notes)


def _decoded(files: Found, side: int, grey: bool) -> Split:
    images = np.empty((len(files), 1 if grey else 3, side, side), dtype=np.uint8)
    for index, (file, _) in enumerate(files):
        try:
            with Image.open(file) as image:
                images[index] = _pixels(image, side, grey)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise _corrupt(file, error) from None
    return Split(images, np.array([label for _, label in files], dtype=np.int64))


def _pixels(image: Image.Image, side: int, grey: bool) -> np.ndarray:
    """One image as (C, side, side)."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image, dtype=np.float64)
        scale = 255 / 65535 if image.mode != "F" or values.max() > 255 else 1.0
        image = Image.fromarray(np.clip(np.round(values * scale), 0, 255).astype(np.uint8))
    if image.mode in ("LA", "PA", "RGBA") or (image.mode == "P" and "transparency" in image.info):
        own = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", own.size, (0, 0, 0, 255)), own)
    image = image.convert("L" if grey else "RGB")
    width, height = image.size
    if (width, height) != (side, side):
        times = side / min(width, height)
        image = image.resize(
            (max(side, round(width * times)), max(side, round(height * times))), Image.Resampling.BILINEAR
        )
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    pixels = np.asarray(image)
    return pixels[None] if grey else pixels.transpose(2, 0, 1)


def _corrupt(file: Path, error: Exception) -> UserError:
    return UserError(
        f"{file} is not a readable image: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
    )
