"""Decoded images kept on disk, so that each is decoded once on a machine and all trainers share its memory."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nas.data.dataset import SPLITS, Data
from nas.data.images import VERSION
from nas.data.splits import Split
from nas.storage.files import is_being_written, new_folder, remove_leftovers, write_atomic
from nas.storage.user_folders import user_folder
from search_spaces.errors import UserError
from search_spaces.files.plain_json import parse_json

DTYPES = (np.dtype(np.uint8), np.dtype(np.int64))  # of images and labels
DAMAGED = (OSError, ValueError, TypeError, KeyError, EOFError)
ENTRY = re.compile(r"[0-9a-f]{32}|\.[0-9a-f]{32}[.-].+")  # a key, or what is written for one
GIGABYTES = 20  # that the store keeps to
META = "meta.json"  # what the arrays are, and their digest
STAMP = "verified.json"  # since when of which machine the arrays are known to have that digest


def store_root() -> Path:
    """Where decoded images are kept: ``NAS_CACHE``, else ``~/.cache/nas/decoded``. May be deleted at any time."""
    return user_folder("NAS_CACHE", "decoded")


def fingerprint(*parts: object) -> str:
    """Key of decoded images: a hash of what they are made from, and of the version of the decoding."""
    sha = hashlib.sha256(f"version {VERSION}".encode())
    for part in parts:
        data = part if isinstance(part, bytes) else repr(part).encode()
        sha.update(f" {len(data)} ".encode() + data)
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
        data = make()
        if data.streamed:
            return data
        try:
            _write(folder, data)
        except OSError as error:
            return data.noted(f"decoded images cannot be kept in {store_root()} ({error}): each process decodes anew")
        del data  # from here on the files are its memory
        _bound(folder)
    try:
        return _opened(folder)
    except DAMAGED as error:
        note = f"decoded images in {folder} are damaged ({error}): decoded anew; `nas cache --clear` removes them"
        return make().noted(note)


def limit() -> int:
    """Bytes that the store keeps to: ``NAS_CACHE_GB`` gigabytes, by default 20. Raises UserError for no number."""
    text = os.environ.get("NAS_CACHE_GB", str(GIGABYTES))
    try:
        return int(float(text) * 10**9)
    except (ValueError, OverflowError):
        raise UserError(f"must be a number of gigabytes, got {text!r}", "NAS_CACHE_GB") from None


def _bound(new: Path) -> None:
    """Remove what was used least recently until the rest is within the limit; ``new`` stays. Who has opened what is
    removed goes on unharmed: its files live as long as they are mapped."""
    kept_entries = sorted(entries(), key=lambda entry: entry.used)
    size = sum(entry.bytes for entry in kept_entries)
    for entry in kept_entries:
        if size <= limit():
            return
        if entry.state != "being written" and entry.folder != new:
            shutil.rmtree(entry.folder, ignore_errors=True)
            size -= entry.bytes


@dataclass(frozen=True)
class Entry:
    """What the store keeps under one key: ``state`` is kept, damaged, being written, or left by a process that was
    killed; ``used`` the time of its last use, in seconds since 1970. ``name``, ``images`` and ``digest`` of the data
    set are known of what is kept."""

    folder: Path
    state: str
    bytes: int
    used: float
    name: str | None = None
    images: int | None = None
    digest: str | None = None


def entries() -> list[Entry]:
    """All that was put into the store, the largest first; other folders beside it are none of its business."""
    folders = [path for path in store_root().glob("*") if path.is_dir() and ENTRY.fullmatch(path.name)]
    return sorted(map(_entry, folders), key=lambda entry: (-entry.bytes, entry.folder))


def clear(name: str | None = None) -> list[Entry]:
    """Remove all, or the data sets of that name, but what is being written now; what was removed. A training that uses
    it goes on unharmed."""
    removed = [entry for entry in entries() if entry.state != "being written" and name in (None, entry.name)]
    for entry in removed:
        shutil.rmtree(entry.folder, ignore_errors=True)
    if name is None:
        for path in store_root().glob("reference-*.json"):  # of images: nas.training.reference
            path.unlink(missing_ok=True)
    return [entry for entry in removed if not entry.folder.exists()]


def _entry(folder: Path) -> Entry:
    size, used = sum(map(_size, folder.glob("*"))), _used(folder)
    if folder.name.startswith("."):
        return Entry(folder, "being written" if is_being_written(folder) else "left by a kill", size, used)
    try:
        meta = parse_json((folder / META).read_text(encoding="utf-8"))
        images = sum(shape[0] for shape in meta["shapes"].values())
        return Entry(folder, "kept", size, used, meta["name"], images, meta["digest"])
    except DAMAGED:
        return Entry(folder, "damaged", size, used)


def _used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # its folder has got its name, or was removed, just now
        return 0


def _write(folder: Path, data: Data) -> None:
    """All or nothing. Of several processes that write one entry at once, the first one's stays."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder.parent)
    try:
        with new_folder(folder) as beside:
            for name in SPLITS:
                split = getattr(data, name)
                np.save(beside / f"{name}.images.npy", split.images.transpose(0, 2, 3, 1))
                np.save(beside / f"{name}.labels.npy", split.labels)
            (beside / META).write_text(json.dumps(_meta(data)), encoding="utf-8")
    except OSError:
        if not folder.exists():
            raise


def _meta(data: Data) -> dict[str, Any]:
    shapes = {name: list(getattr(data, name).images.shape) for name in SPLITS}
    facts = {"name": data.name, "classes": list(data.classes), "notes": list(data.notes)}
    return {**facts, "shapes": shapes, "digest": data.digest}


def _opened(folder: Path) -> Data:
    meta = parse_json((folder / META).read_text(encoding="utf-8"))
    train, val, test = (_split(folder, name, tuple(meta["shapes"][name])) for name in SPLITS)
    data = Data(meta["name"], tuple(meta["classes"]), train, val, test, tuple(meta["notes"]))
    _verify(folder, data, meta["digest"])
    with suppress(OSError):
        os.utime(folder)  # its last use
    return data.known_as(meta["digest"])


def _split(folder: Path, name: str, shape: tuple[int, ...]) -> Split:
    images = np.asarray(np.load(folder / f"{name}.images.npy", mmap_mode="c")).transpose(0, 3, 1, 2)
    labels = np.load(folder / f"{name}.labels.npy")
    if images.shape != shape or labels.shape != shape[:1] or (images.dtype, labels.dtype) != DTYPES:
        raise ValueError(f"{name} is not of shape {shape}")
    return Split(images, labels)


def _verify(folder: Path, data: Data, digest: str) -> None:
    """Compare the arrays with their digest, once after each start of the machine and each change of a file."""
    stamp = json.dumps([_boot(), stamps([folder / META, *folder.glob("*.npy")])])
    with suppress(OSError):
        if (folder / STAMP).read_text(encoding="utf-8") == stamp:
            return
    if data.digest != digest:
        raise ValueError(f"their digest is {data.digest}, not {digest}")
    with suppress(OSError):
        write_atomic(folder / STAMP, stamp)


def _boot() -> str:
    """What tells this start of the machine from others; nothing where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except OSError:
        return ""
