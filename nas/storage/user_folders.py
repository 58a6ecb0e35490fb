"""Folders of the user that outlive a study: data sets, and what is decoded of them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from search_spaces.errors import UserError


def user_folder(variable: str, name: str) -> Path:
    """The folder that the environment ``variable`` names, else ``~/.cache/nas/<name>``; below the system's temporary
    folder for a user without a home."""
    if os.environ.get(variable):
        return expanded(os.environ[variable])
    try:
        return Path.home() / ".cache" / "nas" / name
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"nas-{os.getuid()}" / name


def expanded(path: str) -> Path:
    """The path with ``~`` resolved. Raises UserError where there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UserError(f"{path}: there is no such home folder") from None
