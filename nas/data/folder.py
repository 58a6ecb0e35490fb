"""A folder of images: one sub-folder per class, with or without splits (train, val, test) above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.data.dataset import Data, split_by_class
from nas.data.image_files import Survey, find, sub_folders, survey
from nas.data.images import decode
from nas.data.splits import Files, Split, StreamedSplit
from nas.data.store import fingerprint, kept
from search_spaces.errors import UserError

SPLIT_NAMES = {  # of folders, in any case
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}


@dataclass(frozen=True)
class Limits:
    """Above ``decoded_bytes`` (1 a pixel and channel) images are made smaller, to a side of ``side`` pixels; where they
    still take more, they are streamed. Headers are read of at most ``headers`` files."""

    decoded_bytes: int = 4 * 10**9
    side: int = 256
    headers: int = 10_000


LIMITS = Limits()


def folder(path: Path, seed: int = 0, limits: Limits = LIMITS) -> Data:
    """The images under ``path``, decoded once as uint8.

    Grey only: one channel; else RGB. Images of several sizes are brought to the typical one's shorter
    side (see ``read_image`` for the rule). Folders named as splits are splits, in any case, where they have folders
    inside; without train and test each class is split 60/20/20 by ``seed``; without validation alone, a quarter of
    train becomes it. Raises UserError that names folder or file and rule.
    """
    if not path.is_dir():
        raise UserError(f"{path} is not a folder of images")
    folders, notes = _split_folders(path)
    classes, files, more = find(path, folders)
    splits = _completed(files, classes, seed)
    return load_files(path.resolve().name, classes, files, splits, limits, (*notes, *more))


def _split_folders(path: Path) -> tuple[dict[str, Path], list[str]]:
    """The folder of each split, train first, or the whole as train; and what is beside them and not read."""
    inside = sub_folders(path)
    splits = {name: _split_of(name) for name in inside if _split_of(name) and sub_folders(path / name)}
    if not splits:
        return _unless_flat(path, inside)
    by_split: dict[str, list[str]] = {}
    for name, split in splits.items():
        by_split.setdefault(split, []).append(name)
    for split, names in by_split.items():
        if len(names) > 1:
            raise UserError(f"{path} has {' and '.join(names)}, which both mean the {split} split: keep one")
    if "train" not in by_split:
        raise UserError(f"{path} has {' and '.join(splits)} but no train folder")
    others = [name for name in inside if name not in splits]
    notes = [f"not read, beside the splits: {', '.join(others)}"] if others else []
    return {split: path / by_split[split][0] for split in SPLIT_NAMES if split in by_split}, notes


def _unless_flat(path: Path, inside: Sequence[str]) -> tuple[dict[str, Path], list[str]]:
    """The whole folder as train, unless its only sub-folders are splits without classes."""
    flat = [name for name in inside if _split_of(name)]
    if flat and len(flat) == len(inside):
        raise UserError(f"{path / flat[0]} must have a sub-folder of images for each class")
    return {"train": path}, []


def _split_of(name: str) -> str:
    return next((split for split, names in SPLIT_NAMES.items() if name.lower() in names), "")


def load_files(
    name: str,
    classes: tuple[str, ...],
    files: Mapping[str, Files],
    splits: Mapping[str, Files],
    limits: Limits = LIMITS,
    notes: Sequence[str] = (),
) -> Data:
    """The data set of all ``files``, divided into ``splits`` train, val and test: decoded, or streamed if large."""
    columns = (column for split in splits.values() for column in (split.names, split.sizes, split.times, split.labels))
    roots = sorted(part.root for part in files.values())
    settings = (limits.decoded_bytes, limits.side)
    key = fingerprint(name, roots, classes, *settings, *notes, *(column.tobytes() for column in columns))
    return kept(key, lambda: _load(name, classes, survey(files.values(), limits.headers), splits, limits, notes))


def _load(
    name: str,
    classes: tuple[str, ...],
    headers: Survey,
    splits: Mapping[str, Files],
    limits: Limits,
    notes: Sequence[str],
) -> Data:
    large = headers.bytes_at(headers.side) > limits.decoded_bytes
    side = min(headers.side, limits.side) if large else headers.side
    streamed, channels = headers.bytes_at(side) > limits.decoded_bytes, headers.channels
    notes = [*notes, *headers.notes(side)]
    if large:
        what = "read file by file" if streamed else "made smaller"
        limit = f"more than {limits.decoded_bytes:,} bytes"
        notes.append(f"{what}, at {side} px: decoded at {headers.side} px they take {limit}")

    def loaded(files: Files) -> Split | StreamedSplit:
        if streamed:
            return StreamedSplit(files, side, channels)
        return Split(decode(files.paths(), side, channels), files.labels)

    return Data(name, classes, loaded(splits["train"]), loaded(splits["val"]), loaded(splits["test"]), tuple(notes))


def _completed(files: Mapping[str, Files], classes: tuple[str, ...], seed: int) -> dict[str, Files]:
    """Splits that are missing, or have no image, taken from train by class and seed."""
    given = {name: split for name, split in files.items() if len(split)}
    train = files["train"]
    if "val" in given and "test" in given:
        return given
    first, second, third = split_by_class(train.labels, seed, classes)
    if "test" in given:
        return {**given, "train": train[np.concatenate([first, third])], "val": train[second]}
    if "val" in given:
        return {**given, "train": train[np.concatenate([first, second])], "test": train[third]}
    return {"train": train[first], "val": train[second], "test": train[third]}
