"""Files and folders written so that a kill at any instant leaves either the old content or the new one, and the
removal of what a kill left half written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search_spaces.files.atomic import replacing, sync_folder
from search_spaces.files.temporary import beside, is_being_written, is_temporary

__all__ = ["is_being_written", "leftovers", "new_folder", "remove_leftovers", "replacing", "write_atomic"]


def write_atomic(path: Path, text: str) -> None:
    """Replace ``path`` by ``text``, whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode())


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill that then becomes ``path``: filled beside it, synced, renamed. Raises OSError where ``path`` is
    a folder with something in it by then."""
    temporary = beside(path)
    temporary.mkdir()
    try:
        yield temporary
        for entry in temporary.iterdir():
            with entry.open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(temporary)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync_folder(path.parent)


def leftovers(folder: Path) -> list[Path]:
    """Half-written files and folders in ``folder`` whose process is known to be dead."""
    entries = folder.iterdir() if folder.is_dir() else ()
    return [path for path in entries if is_temporary(path) and not is_being_written(path)]


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that are dead now left half written in ``folder``. What a living process or one of another
    machine is writing stays."""
    for path in leftovers(folder):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
