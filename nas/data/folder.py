"""A folder of images: one sub-folder per class, with or without ``train``, ``val`` and ``test`` above them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.data.dataset import SPLITS, Data, split_by_class
from nas.data.image_files import Survey, find, survey
from nas.data.images import decode
from nas.data.splits import Files, Split, StreamedSplit
from nas.data.store import fingerprint, kept
from search_spaces.errors import UserError


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

    Grey only: one channel; else RGB. Images of several sizes are brought to the most frequent one's shorter
    side (see ``read_image`` for the rule). Without ``train``/``test`` folders each class is split 60/20/20 by
    ``seed``; without ``val`` alone, a quarter of train becomes validation. Raises UserError that names folder or file
    and rule.
    """
    if not path.is_dir():
        raise UserError(f"{path} is not a folder of images")
    names = [name for name in SPLITS if (path / name).is_dir()]
    if names and "train" not in names:
        raise UserError(f"{path} has {' and '.join(names)} but no train folder")
    classes, files = find(path, {name: path / name for name in names} or {"train": path})
    return load_files(path.resolve().name, classes, files, _completed(files, seed), limits)


def load_files(
    name: str,
    classes: tuple[str, ...],
    files: Mapping[str, Files],
    splits: Mapping[str, Files],
    limits: Limits = LIMITS,
) -> Data:
    """The data set of all ``files``, divided into ``splits`` train, val and test: decoded, or streamed if large."""
    columns = (column for split in splits.values() for column in (split.names, split.sizes, split.times, split.labels))
    roots = sorted(part.root for part in files.values())
    settings = (limits.decoded_bytes, limits.side)
    key = fingerprint(name, roots, classes, *settings, *(column.tobytes() for column in columns))
    return kept(key, lambda: _load(name, classes, survey(files.values(), limits.headers), splits, limits))


def _load(name: str, classes: tuple[str, ...], headers: Survey, splits: Mapping[str, Files], limits: Limits) -> Data:
    large = headers.bytes_at(headers.side) > limits.decoded_bytes
    side = min(headers.side, limits.side) if large else headers.side
    streamed, channels, notes = headers.bytes_at(side) > limits.decoded_bytes, headers.channels, headers.notes(side)
    if large:
        what = "read file by file" if streamed else "made smaller"
        limit = f"more than {limits.decoded_bytes:,} bytes"
        notes.append(f"{what}, at {side} px: decoded at {headers.side} px they take {limit}")

    def loaded(files: Files) -> Split | StreamedSplit:
        if streamed:
            return StreamedSplit(files, side, channels)
        return Split(decode(files.paths(), side, channels), files.labels)

    return Data(name, classes, loaded(splits["train"]), loaded(splits["val"]), loaded(splits["test"]), tuple(notes))


def _completed(files: dict[str, Files], seed: int) -> dict[str, Files]:
    """Splits that are missing, taken from train by class and seed."""
    if "val" in files and "test" in files:
        return files
    train = files["train"]
    first, second, third = split_by_class(train.labels, seed)
    if "test" in files:
        return {**files, "train": train[np.concatenate([first, third])], "val": train[second]}
    if "val" in files:
        return {**files, "train": train[np.concatenate([first, second])], "test": train[third]}
    return {"train": train[first], "val": train[second], "test": train[third]}
