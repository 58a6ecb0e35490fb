"""A folder of images: one sub-folder per class, with or without ``train``, ``val`` and ``test`` above them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from nas.data.dataset import Data, split_by_class
from nas.data.files import Survey, find, survey
from nas.data.images import decode
from nas.data.splits import Files, Split, StreamedSplit
from nas.data.store import SPLITS, fingerprint, kept
from search_spaces.errors import UserError

MOST_BYTES = 4 * 10**9  # of decoded images, 1 a pixel and channel: more are first made smaller, then streamed
MOST_SIDE = 256  # pixels, of images that would take more than MOST_BYTES


def folder(path: Path, seed: int = 0) -> Data:
    """The images under ``path``, decoded once as uint8.

    Grey only: one channel; else RGB. Images of several sizes are brought to the most frequent one's shorter
    side (see ``read_image`` for the rule). Without ``train``/``test`` folders each class is split 60/20/20 by
    ``seed``; without ``val`` alone, a quarter of train becomes validation. Where all of them would take more than
    4 GB decoded, the side is at most 256 px; where that is still more, the splits are StreamedSplit. Raises
    UserError that names folder or file and rule.
    """
    if not path.is_dir():
        raise UserError(f"{path} is not a folder of images")
    own = [name for name in SPLITS if (path / name).is_dir()]
    if own and "train" not in own:
        raise UserError(f"{path} has {' and '.join(own)} but no train folder")
    classes, found = find(path, {name: path / name for name in own} or {"train": path})
    return load_files(path.resolve().name, classes, found, _completed(found, seed))


def load_files(name: str, classes: tuple[str, ...], found: Mapping[str, Files], splits: Mapping[str, Files]) -> Data:
    """The data set of files ``found``, divided into ``splits`` train, val and test: decoded, or streamed if large."""
    told = (each for files in splits.values() for each in (files.names, files.sizes, files.times, files.labels))
    roots = sorted(files.root for files in found.values())
    key = fingerprint(name, roots, classes, MOST_BYTES, MOST_SIDE, *(each.tobytes() for each in told))
    return kept(key, lambda: _load(name, classes, survey(found.values()), splits))


def _load(name: str, classes: tuple[str, ...], seen: Survey, splits: Mapping[str, Files]) -> Data:
    large = _bytes(seen, seen.side) > MOST_BYTES
    side = min(seen.side, MOST_SIDE) if large else seen.side
    streamed, channels, notes = _bytes(seen, side) > MOST_BYTES, 1 if seen.grey else 3, seen.notes(side)
    if large:
        what = "read file by file" if streamed else "made smaller"
        notes.append(f"{what}, at {side} px: decoded at {seen.side} px they take more than {MOST_BYTES:,} bytes")

    def loaded(files: Files) -> Split | StreamedSplit:
        if streamed:
            return StreamedSplit(files, side, seen.grey)
        return Split(decode(files.paths(), side, channels), files.labels)

    return Data(name, classes, loaded(splits["train"]), loaded(splits["val"]), loaded(splits["test"]), tuple(notes))


def _bytes(seen: Survey, side: int) -> int:
    return seen.total * side * side * (1 if seen.grey else 3)


def _completed(found: dict[str, Files], seed: int) -> dict[str, Files]:
    """Splits that are missing, taken from train by class and seed."""
    if "val" in found and "test" in found:
        return found
    train = found["train"]
    first, second, third = split_by_class(train.labels, seed)
    if "test" in found:
        return {**found, "train": train[np.concatenate([first, third])], "val": train[second]}
    if "val" in found:
        return {**found, "train": train[np.concatenate([first, second])], "test": train[third]}
    return {"train": train[first], "val": train[second], "test": train[third]}
