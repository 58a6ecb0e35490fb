"""Decoded images kept on disk, so that each is decoded once on a machine and all trainers share its memory."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from nas.data.dataset import Data
from nas.data.images import VERSION
from nas.data.splits import Split

SPLITS = ("train", "val", "test")
KINDS = (np.dtype(np.uint8), np.dtype(np.int64))  # of images and labels
DAMAGED = (OSError, ValueError, TypeError, KeyError, EOFError)


def store_root() -> Path:
    """Where decoded images are kept: ``NAS_CACHE``, else ``~/.cache/nas/decoded``. May be deleted at any time."""
    return Path(os.environ.get("NAS_CACHE") or "~/.cache/nas/decoded").expanduser()


def fingerprint(*parts: object) -> str:
    """Key of decoded images: a hash of what they are made from, and of the version of the decoding."""
    sha = hashlib.sha256(f"version {VERSION}".encode())
    for each in parts:
        own = each if isinstance(each, bytes) else repr(each).encode()
        sha.update(f" {len(own)} ".encode() + own)
    return sha.hexdigest()[:32]


def stamps(paths: Iterable[Path]) -> list[tuple[str, int, int]]:
    """Name, byte size and time of change of each file, sorted: what a fingerprint knows of files."""
    return sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths)


def kept(key: str, make: Callable[[], Data]) -> Data:
    """The data set under ``key`` as arrays mapped from files, made and stored first where it is not there.

    The arrays are shared by all processes that open them, and private where they are written to. A store that
    is damaged or cannot be written costs time and memory, never the data set: it is made for this process
    alone, and a note says so. Streamed sets are not stored.
    """
    folder = store_root() / key
    if not os.path.exists(folder):  # False, not an error, where it may not be looked at
        made = make()
        if made.streamed:
            return made
        try:
            _write(folder, made)
        except OSError as error:
            return made.noted(f"decoded images cannot be kept in {store_root()} ({error}): each process decodes anew")
    try:
        return _opened(folder)
    except DAMAGED as error:
        return make().noted(f"decoded images in {folder} are damaged ({error}): decoded anew; delete that folder")


def _write(folder: Path, data: Data) -> None:
    """All or nothing: written beside, then renamed. Whoever comes second finds the first one's."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name in SPLITS:
            split = getattr(data, name)
            np.save(own / f"{name}.images.npy", split.images.transpose(0, 2, 3, 1))
            np.save(own / f"{name}.labels.npy", split.labels)
        (own / "meta.json").write_text(json.dumps(_meta(data)), encoding="utf-8")
        own.rename(folder)
    except OSError:
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _meta(data: Data) -> dict[str, Any]:
    shapes = {name: list(getattr(data, name).images.shape) for name in SPLITS}
    told = {"name": data.name, "classes": list(data.classes), "notes": list(data.notes)}
    return {**told, "shapes": shapes, "digest": data.digest}


def _opened(folder: Path) -> Data:
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    splits = {name: _split(folder, name, tuple(meta["shapes"][name])) for name in SPLITS}
    data = Data(meta["name"], tuple(meta["classes"]), **splits, notes=tuple(meta["notes"]))
    return data.known_as(meta["digest"]) if "digest" in meta else data


def _split(folder: Path, name: str, shape: tuple[int, ...]) -> Split:
    images = np.asarray(np.load(folder / f"{name}.images.npy", mmap_mode="c")).transpose(0, 3, 1, 2)
    labels = np.load(folder / f"{name}.labels.npy")
    if images.shape != shape or labels.shape != shape[:1] or (images.dtype, labels.dtype) != KINDS:
        raise ValueError(f"{name} is not of shape {shape}")
    return Split(images, labels)
