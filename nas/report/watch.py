"""A study whose page is written anew while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from nas.storage.layout import LOG
from nas.study import Study, open_study

PAUSE = 5.0  # seconds between two looks at the log


def changes(folder: Path, *, pause: float = PAUSE, sleep: Callable[[float], None] = time.sleep) -> Iterator[Study]:
    """The study now, and again whenever its log has grown or its state is another, until it does not run any more."""
    seen: tuple[int, str] | None = None
    while True:
        study = open_study(folder)
        standing = (folder / LOG).stat().st_size if (folder / LOG).exists() else 0, study.state
        if standing != seen:
            seen = standing
            yield study
        if study.state != "running":
            return
        sleep(pause)
