"""Checkpoints that are written whole, loaded without running code, and survived when damaged."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch

from nas.module.files import read_checkpoint
from nas.storage.files import replacing
from search_spaces.errors import UserError


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` (tensors, numbers, texts, lists, dictionaries) atomically; the one before is kept. Raises OSError
    where it cannot be written: a full disk is no error of the training."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, keep=previous(path)) as file:
        try:
            torch.save(state, file)
        except RuntimeError as error:  # torch closes its archive in the middle, and complains of that
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def load_checkpoint(path: Path, key: str) -> dict[str, Any] | None:
    """The newest readable state for this training, or None.

    One that is damaged or hostile is named in a warning; the one before is then tried. Raises UserError for one of
    another training, which would be overwritten.
    """
    for file in (path, previous(path)):
        if not file.exists():
            continue
        try:
            state = read_checkpoint(file)
        except UserError as error:
            warnings.warn(f"checkpoint {file} cannot be used: {str(error)[:120]}", RuntimeWarning, stacklevel=2)
            continue
        if isinstance(state, dict) and state.get("key") == key:
            return dict(state)
        raise UserError(f"{file} is no checkpoint of this training; it is not overwritten: move it, or name another")
    return None


def previous(path: Path) -> Path:
    """Where the checkpoint before the newest lies."""
    return path.with_name(path.name + ".old")
