"""Checkpoints that are written whole, loaded without running code, and survived when damaged."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch

from nas.module.files import UNREADABLE
from nas.storage.files import replacing


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` (tensors, numbers, texts, lists, dictionaries) atomically; the one before is kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, keep=previous(path)) as file:
        torch.save(state, file)


def load_checkpoint(path: Path, key: str) -> dict[str, Any] | None:
    """The newest readable state for this training, or None.

    One that is damaged, hostile or of another training is named in a warning; the one before is then tried.
    """
    for each in (path, previous(path)):
        if not each.exists():
            continue
        try:
            state = torch.load(each, map_location="cpu", weights_only=True)
            found = state.get("key") if isinstance(state, dict) else None
            if found == key:
                return dict(state)
            reason = f"it belongs to another training ({found})"
        except UNREADABLE as error:
            reason = (str(error) or type(error).__name__).splitlines()[0][:120]
        warnings.warn(f"checkpoint {each} cannot be used: {reason}", RuntimeWarning, stacklevel=2)
    return None


def previous(path: Path) -> Path:
    """Where the checkpoint before the newest lies."""
    return path.with_name(path.name + ".old")
