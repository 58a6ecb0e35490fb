"""Which checkpoints a study keeps."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from nas.storage import layout
from nas.storage.files import remove_leftovers
from nas.study.records import Record

KEEP = ("base", "all", "none")


def path_of(folder: Path, record: Record) -> Path:
    """A training's checkpoint. Its name holds the training key, so that it can never serve another
    training."""
    key = (record.training_key or "none").rpartition("-")[2][:12]
    return folder / layout.CHECKPOINTS / f"{record.trial:05d}-{key}-{record.replicate}.ckpt"


def stored(folder: Path) -> set[int]:
    """Trials that have a checkpoint, or another file that their training left."""
    place = folder / layout.CHECKPOINTS
    names = (name.partition("-")[0] for name in (os.listdir(place) if place.is_dir() else ()))
    return {int(name) for name in names if name.isdecimal()}


def sweep(folder: Path, kept_trials: Collection[int]) -> None:
    """Remove every checkpoint of a trial that is not to be kept, and what dead processes left half written. What a
    trainer is writing now stays."""
    remove_leftovers(folder / layout.CHECKPOINTS)
    for path in (folder / layout.CHECKPOINTS).glob("[0-9]*"):
        trial = path.name.partition("-")[0]
        if trial.isdecimal() and int(trial) not in kept_trials:
            path.unlink(missing_ok=True)
