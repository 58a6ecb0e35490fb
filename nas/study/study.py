"""A study as it lies on the disk, read only: what reports, the command line and Python users work with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.storage import lock
from nas.storage.layout import LOG, STUDY
from nas.study.definition import Definition, read_definition
from nas.study.log import LogContent, last_events, read_log
from nas.study.members import member_size
from nas.study.objectives import ranked
from nas.study.outcome import BaseChoice, FinalScore, Measured, Noise, RandomSearch, TestScore
from nas.study.pareto import fronts, hypervolume
from nas.study.question import Question
from nas.study.records import Folded, Record, fold
from nas.text.html import element
from nas.text.numbers import rounded
from nas.training.reference import Reference
from search_spaces import Architecture, Budget, Space
from search_spaces.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from nas.study.propose.predictor.effects import Effect

BEST = 5  # trials shown in a notebook
DIGITS = 11  # characters of a digest that are shown
DTYPES = {"int": "int64", "int | None": "Int64", "float": "float64", "float | None": "float64"}
"""Types of a record's fields as columns of a table."""


@dataclass(frozen=True)
class Study:
    """A study read from its folder; later changes of the folder do not show.

    ``state`` is running, interrupted, finished, exhausted, time or failed. ``base`` is the record of the chosen search
    trial, ``choice`` says how it was chosen, ``test`` how it does on the test split, ``final`` how it does when
    trained at its deployment; ``reference``, ``noise`` and ``baseline`` are what scores are compared with. What is not
    known yet is None. ``smaller_bases`` is how the bases of the smaller budgets of a series were chosen, by budget;
    ``finals`` are those of all bases, by trial. ``trials_wanted`` is how far the last run was to go. ``problems`` has
    one line per damaged piece of the log. ``latencies`` are what budgets of latency asked for, by the network's
    digest; ``unsteady`` are those of networks that were passed over because of them. ``test_reads`` is how often the
    test split was read; ``former_base`` the trial that was the base before a longer search chose another. ``openings``
    is how often a process began the study or went on with it, ``retries`` how often a training was started again after
    its trainer had died or hung.
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
    final: FinalScore | None = None
    smaller_bases: Mapping[str, BaseChoice] = field(default_factory=dict)
    finals: Mapping[int, FinalScore] = field(default_factory=dict)
    baseline: RandomSearch | None = None
    problems: tuple[str, ...] = ()
    latencies: Mapping[str, Measured] = field(default_factory=dict)
    unsteady: Mapping[str, Measured] = field(default_factory=dict)
    test_reads: int = 0
    former_base: int | None = None
    openings: int = 0
    retries: int = 0

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.resolve().name

    @property
    def question(self) -> Question:
        """What was asked."""
        return self.definition.question

    @property
    def search_size(self) -> int:
        """Image size in pixels at which candidates were trained; under the user's own evaluator that of deployment."""
        return int(self.definition.settings.get("image_size") or self.definition.image_size)

    def size_of(self, record: Record) -> int:
        """Image size in pixels at which a trial was trained: that of the search, of given networks each one's own."""
        return member_size(record) or self.search_size

    def deployment_of(self, record: Record) -> int:
        """Image size in pixels at which a trial's costs hold."""
        return member_size(record) or self.definition.image_size

    @property
    def has_own_sizes(self) -> bool:
        """Whether its networks are given ones that differ in their image size."""
        return len({self.size_of(record) for record in self.records}) > 1

    @property
    def bases(self) -> dict[str, Record]:
        """The base of each budget of a series, the largest first; empty where there is one budget, or no base yet."""
        if self.base is None or not self.smaller_bases:
            return {}
        trials = {budget: choice.trial for budget, choice in self.smaller_bases.items()}
        by_trial = {record.trial: record for record in self.records}
        smaller = {budget: by_trial[trial] for budget, trial in trials.items() if trial in by_trial}
        return {self.question.largest_budget: self.base, **smaller}

    @property
    def base_latency(self) -> Measured | None:
        """What was measured of the base, where a budget limits the latency."""
        return self.latencies.get(str(self.base.digest)) if self.base else None

    @property
    def too_slow(self) -> int:
        """Networks that were measured and lie outside the budgets of latency."""
        budgets = [budget for budget in map(Budget.parse, self.definition.budgets) if budget.metric == "latency_ms"]
        return sum(any(m.violation(budget) > 0 for budget in budgets) for m in self.latencies.values())

    @property
    def done(self) -> int:
        """Trainings that count towards ``--trials``."""
        return sum(record.counted for record in self.records)

    def space(self) -> Space:
        """What was searched. Raises UserError where blocks from outside cannot be loaded, and for a study of given
        networks, scaled from one base."""
        space = self._space_or_base()
        if not isinstance(space, Space):
            raise UserError(f"{self.name} is a study of given networks, not of a space")
        return space

    def _space_or_base(self) -> Space | Architecture:
        from search_spaces.files.codec import from_data
        from search_spaces.files.outside import outside_blocks

        return from_data(self.definition.space, blocks=outside_blocks(self.question.blocks))

    @property
    def front(self) -> tuple[Record, ...]:
        """Complete trainings of the search that no other beats, by all numbers of the objective."""
        goal = self.question.goal
        complete = ranked(self.records, goal)
        indices = fronts([goal.values(record) for record in complete])
        return tuple(record for record, index in zip(complete, indices, strict=True) if index == 0)

    @property
    def hypervolume(self) -> float | None:
        """Under ``pareto`` the volume that the front dominates, between a score of 0 and the upper limits of the
        budgets, as a share of these limits (for top-1 a number from 0 to 1); None under other objectives, and where a
        cost is ranked by that no budget limits."""
        goal = self.question.goal
        limits = [limit for _, limit in goal.limits]
        if not goal.is_several or not limits:
            return None
        points = [goal.values(record) for record in self.front]
        return hypervolume(points, (0.0, *(-limit for limit in limits))) / math.prod(limits)

    def effects(self) -> list[Effect]:
        """Which decisions of the space pay, by the predictor's model of all trainings, the surest gain first; none
        where too little was trained to tell, or nothing was searched. It takes a second or two the first time. Raises
        UserError where blocks from outside cannot be loaded."""
        return list(self._effects)

    @cached_property
    def _effects(self) -> tuple[Effect, ...]:
        from nas.study.propose.predictor.observations import MIN_FOR_EFFECTS, observed

        if len(observed(self.records, self.question.goal).records) < MIN_FOR_EFFECTS:
            return ()
        from nas.study.propose.predictor.effects import effects  # SciPy: a quarter of a second

        space = self._space_or_base()
        return tuple(effects(space, self.records, self.question.goal)) if isinstance(space, Space) else ()

    def importance(self) -> dict[str, float]:
        """The share of each decision in what makes a training one of the best, by PED-ANOVA, the greatest first; none
        where too little was trained to tell."""
        return dict(self._importance)

    @cached_property
    def _importance(self) -> dict[str, float]:
        from nas.study.importance import importance

        return importance(self.records, self.question.goal)

    def to_data(self) -> dict[str, Any]:
        """Name, state, budgets, base, reference, noise, hypervolume, problems and every record as plain data, in
        which the score of an evaluator is called ``score``, and that of a training ``top1``."""
        return {
            "study": self.name,
            "state": self.state,
            "budgets": list(self.definition.budgets),
            "base": self.base.trial if self.base else None,
            "bases": {budget: record.trial for budget, record in self.bases.items()},
            "reference": asdict(self.reference) if self.reference else None,
            "noise": asdict(self.noise) if self.noise else None,
            "baseline": asdict(self.baseline) if self.baseline else None,
            "hypervolume": self.hypervolume,
            "problems": list(self.problems),
            "records": [self.definition.scale.named(record.to_data()) for record in self.records],
        }

    def trials(self) -> pd.DataFrame:
        """One row a record, one column a field of ``Record``, and ``bytes`` (float32 weights). The number of an
        evaluator is the column ``score`` in place of ``top1``. Columns of numbers are of numbers, also where some or
        all are missing."""
        import pandas as pd

        kinds = {f.name: DTYPES.get(str(f.type)) for f in fields(Record)} | {"bytes": "int64"}
        rows = [record.to_data() | {"bytes": record.bytes} for record in self.records]
        frame = pd.DataFrame(rows, columns=list(kinds)).astype({name: kind for name, kind in kinds.items() if kind})
        return frame.rename(columns=self.definition.scale.names)

    def __repr__(self) -> str:
        base = "no base yet" if self.base is None else f"base {_short(self.base)} {self._score(self.base)}"
        return f"<Study {self.name}: {self._standing()}, {base}>"

    def _repr_html_(self) -> str:
        """What was asked, how far it is, the base, and the best trials, for notebooks."""
        asked, best = self.definition, ranked(self.records, self.question.goal)[:BEST]
        facts = {
            "study": self.name,
            "asked": " ".join((asked.name, *asked.budgets, asked.data_name)),
            "state": self._standing(),
            "base": "–" if self.base is None else f"trial {self.base.trial}, {self._score(self.base)}",
        }
        rows = [element("tr", element("th", name), element("td", text, colspan=4)) for name, text in facts.items()]
        titles = ("trial", asked.scale.name, "MACs", "parameters", "network")
        cells = [(r.trial, asked.scale.text(r.top1), rounded(r.macs), rounded(r.params), _short(r)) for r in best]
        rows.append(element("tr", *(element("th", title) for title in titles)))
        rows += [element("tr", *(element("td", cell) for cell in row)) for row in cells]
        return element("table", *rows)

    def _standing(self) -> str:
        return f"{self.state}, {self.done} of {self.trials_wanted or 0} trials"

    def _score(self, record: Record) -> str:
        return f"{self.definition.scale.name} {self.definition.scale.text(record.top1)}"


def _short(record: Record) -> str:
    return (record.digest or "–")[:DIGITS]


def open_study(folder: Path | str, *, brief: bool = False) -> Study:
    """Read a study's folder without locking or changing it; ``brief`` leaves out the epochs of unfinished trainings and
    the damage of the log, and is many times as fast. Raises UserError where there is none."""
    folder = Path(folder)
    if not (folder / STUDY).is_file():
        raise UserError(f"{folder} is not a study: it has no {STUDY}")
    running = lock.is_held(folder)  # asked first: a line on its way is no damage
    content = LogContent(last_events(folder / LOG)) if brief else read_log(folder / LOG, written=running)
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
        test=folded.tests.get(folded.base.trial) if folded.base else None,
        final=folded.finals.get(folded.base.trial) if folded.base else None,
        smaller_bases=folded.smaller_bases,
        finals=folded.finals,
        baseline=folded.baseline,
        state=_state(folded, running),
        trials_wanted=folded.trials,
        problems=(*content.problems, *folded.problems),
        latencies=folded.latencies,
        unsteady=folded.unsteady,
        test_reads=folded.test_reads,
        former_base=folded.former_base,
        openings=folded.openings,
        retries=folded.retries,
    )


def _state(folded: Folded, running: bool) -> str:
    if folded.ended:
        return str(folded.ended["state"])
    return "running" if running else "interrupted"
