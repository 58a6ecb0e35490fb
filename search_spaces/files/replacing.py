"""Writing a file so that a kill at any instant leaves either the old content or the new one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path, owner: str = "") -> Iterator[BinaryIO]:
    """A binary file that takes the place of ``path`` when the block ends: written beside it, synced, renamed.

    The file beside it is ``.NAME.OWNER.tmp``; ``owner`` is this process' id where it is left out. It is removed
    where the block raises. Raises OSError where it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{owner or os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and new files in ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
