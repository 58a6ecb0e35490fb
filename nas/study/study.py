"""A study as it lies on the disk, read only: what reports and the command line work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.storage import lock
from nas.storage.layout import LOG, STUDY
from nas.study.log import read_log
from nas.study.question import read_definition
from nas.study.records import Folded, Record, fold
from search_spaces.errors import UserError


@dataclass(frozen=True)
class Study:
    """A study read from its folder; later changes of the folder do not show.

    ``definition`` is ``study.yaml`` as plain data. ``state`` is running, interrupted, finished, exhausted,
    time or failed. ``base`` is the record of the chosen search trial, ``choice`` says how it was chosen
    (mean, replicates, rule). ``reference``, ``noise`` and ``test`` (the base on the
    test split) are mappings or None. ``problems`` has one line per
    damaged piece of the log.
    """

    folder: Path
    definition: Mapping[str, Any]
    records: tuple[Record, ...]
    base: Record | None
    choice: Mapping[str, Any] | None
    reference: Mapping[str, Any] | None
    noise: Mapping[str, Any] | None
    test: Mapping[str, Any] | None
    state: str
    trials: int | None
    problems: tuple[str, ...] = ()

    @property
    def done(self) -> int:
        """Trainings that count towards ``trials``."""
        return sum(record.counted for record in self.records)


def open_study(folder: Path | str) -> Study:
    """Read a study's folder without locking or changing it. Raises UserError where there is none."""
    folder = Path(folder)
    if not (folder / STUDY).is_file():
        raise UserError(f"{folder} is not a study: it has no {STUDY}")
    content = read_log(folder / LOG)
    folded = fold(content.events)
    return Study(
        folder=folder,
        definition=read_definition(folder).to_data(),
        records=tuple(folded.records[trial] for trial in sorted(folded.records)),
        base=folded.records.get(folded.base["trial"]) if folded.base else None,
        choice=_fields(folded.base),
        reference=_fields(folded.reference),
        noise=_fields(folded.noise),
        test=_fields(folded.test),
        state=_state(folder, folded),
        trials=folded.trials,
        problems=content.problems,
    )


def _fields(event: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return {name: value for name, value in event.items() if name not in ("event", "time")} if event else None


def _state(folder: Path, folded: Folded) -> str:
    if folded.ended:
        return str(folded.ended["state"])
    return "running" if lock.is_held(folder) else "interrupted"
