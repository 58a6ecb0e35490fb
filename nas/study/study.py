"""A study as it lies on the disk, read only: what reports, the command line and Python users work with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.storage import lock
from nas.storage.layout import LOG, STUDY
from nas.study.definition import Definition, read_definition
from nas.study.log import read_log
from nas.study.outcome import BaseChoice, Noise, TestScore
from nas.study.question import Question
from nas.study.records import Folded, Record, fold
from nas.training.reference import Reference
from search_spaces.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Study:
    """A study read from its folder; later changes of the folder do not show.

    ``state`` is running, interrupted, finished, exhausted, time or failed. ``base`` is the record of the chosen search
    trial, ``choice`` says how it was chosen, ``test`` how it does on the test split; ``reference`` and ``noise`` are
    what scores are compared with. What is not known yet is None. ``trials_wanted`` is how far the last run was to go.
    ``problems`` has one line per damaged piece of the log.
    """

    folder: Path
    definition: Definition
    records: tuple[Record, ...]
    base: Record | None
    choice: BaseChoice | None
    reference: Reference | None
    noise: Noise | None
    test: TestScore | None
    state: str
    trials_wanted: int | None
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.resolve().name

    @property
    def question(self) -> Question:
        """What was asked."""
        return self.definition.question

    @property
    def done(self) -> int:
        """Trainings that count towards ``--trials``."""
        return sum(record.counted for record in self.records)

    def to_data(self) -> dict[str, Any]:
        """Name, state, budgets, base, reference, noise, problems and every record as plain data, in which the score of
        an evaluator is called ``score``, and that of a training ``top1``."""
        return {
            "study": self.name,
            "state": self.state,
            "budgets": list(self.definition.budgets),
            "base": self.base.trial if self.base else None,
            "reference": asdict(self.reference) if self.reference else None,
            "noise": asdict(self.noise) if self.noise else None,
            "problems": list(self.problems),
            "records": [self.definition.scale.named(record.to_data()) for record in self.records],
        }

    def trials(self) -> pd.DataFrame:
        """One row a record, one column a field of ``Record``, and ``bytes`` (float32 weights)."""
        import pandas as pd

        rows = [record.to_data() | {"bytes": record.bytes} for record in self.records]
        return pd.DataFrame(rows, columns=None if rows else [*Record.__dataclass_fields__, "bytes"])


def open_study(folder: Path | str) -> Study:
    """Read a study's folder without locking or changing it. Raises UserError where there is none."""
    folder = Path(folder)
    if not (folder / STUDY).is_file():
        raise UserError(f"{folder} is not a study: it has no {STUDY}")
    running = lock.is_held(folder)  # asked first: a line on its way is no damage
    content = read_log(folder / LOG, written=running)
    if content.problems and not running and lock.is_held(folder):  # it has begun to run meanwhile
        running, content = True, read_log(folder / LOG, written=True)
    folded = fold(content.events)
    return Study(
        folder=folder,
        definition=read_definition(folder),
        records=tuple(folded.records[trial] for trial in sorted(folded.records)),
        base=folded.records.get(folded.base.trial) if folded.base else None,
        choice=folded.base,
        reference=folded.reference,
        noise=folded.noise,
        test=folded.test,
        state=_state(folded, running),
        trials_wanted=folded.trials,
        problems=content.problems,
    )


def _state(folded: Folded, running: bool) -> str:
    if folded.ended:
        return str(folded.ended["state"])
    return "running" if running else "interrupted"
