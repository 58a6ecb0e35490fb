"""Figures of each epoch, as JSON lines and as TensorBoard events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nas.storage import layout
from nas.storage.files import write_atomic


class Metrics:
    """The two files, open. An epoch that is there already is not written again; a line that a kill cut short is
    dropped."""

    def __init__(self, folder: Path) -> None:
        from tensorboardX import SummaryWriter

        self._path = folder / layout.METRICS
        self._lines = _whole_lines(self._path)
        self._events = SummaryWriter(str(folder / layout.TENSORBOARD), purge_step=len(self._lines) + 1)

    def __enter__(self) -> Metrics:
        return self

    def __exit__(self, *_: object) -> None:
        self._events.close()

    def add(self, epoch: int, metrics: dict[str, Any]) -> bool:
        """Write an epoch's figures, counted from 1; whether they are new."""
        if epoch <= len(self._lines):
            return False
        self._lines.append(json.dumps({"epoch": epoch, **metrics}, allow_nan=False))
        write_atomic(self._path, "\n".join(self._lines) + "\n")
        for name, value in metrics.items():
            if value is not None:
                self._events.add_scalar(name, value, epoch)
        self._events.flush()
        return True


def _whole_lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return text.split("\n")[: text.count("\n")]
