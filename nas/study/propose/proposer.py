"""The next candidate to train: the start within the budgets, then the sampler, with over-budget and
repeated ones sorted out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from nas.study.journal import Journal
from nas.study.propose.candidates import Candidate, Candidates, ExhaustedError, History
from nas.study.propose.samplers import SAMPLERS
from nas.study.question import Question
from nas.study.records import Record

MAX_REJECTED = 10  # proposals of the sampler for one training, before one is drawn from within
STARTED = ("complete", "pruned", "running")


class Proposer:
    """Proposes from what the journal says, and writes proposals that are not trained into it. Of several budgets (each
    has its ``candidates``) they are made for one after the other, from the largest on: what is uniform within the
    largest, or the best there, hardly ever fits the others."""

    def __init__(self, question: Question, candidates: Sequence[Candidates], journal: Journal, trials: int) -> None:
        self._question = question
        self._every = candidates
        self._candidates = candidates[0]
        self._journal = journal
        self._trials = trials
        self._sampler = SAMPLERS[str(question.sampler)]
        self._prepared = -1

    def next(self) -> Candidate:
        """A candidate that fits and is not known. Raises ExhaustedError when none can be found for any budget."""
        count, begun = len(self._every), self._journal.begun()
        for turn in range(begun, begun + count):
            self._candidates = self._every[turn % count]
            try:
                return self._next()
            except ExhaustedError:
                if turn == begun + count - 1:
                    raise
        raise AssertionError("there is always a budget")

    def prepare(self) -> None:
        """What the next proposal needs and can be done while trainings run, once for each trial."""
        if self._sampler.prepare is None:
            return
        begun, trial = self._journal.begun(), self._journal.folded.next_trial
        self._candidates = self._every[begun % len(self._every)]
        if self._prepared != trial and self._begins() is None:
            self._prepared = trial
            self._sampler.prepare(self._history())

    def _begins(self) -> str | None:
        """The origin of a candidate that is drawn before the sampler is asked; None once it is."""
        if self._sampler.start:
            if self._candidates.feasible.at_most(self._trials):
                return "enumerated"
            if not self._has_started():
                return "start"
        return None

    def _next(self) -> Candidate:
        if (origin := self._begins()) is not None:
            return self._uniform(origin)
        while True:
            candidate = self._proposed()
            if candidate is not None:
                return candidate

    def decisions(self, candidate: Candidate) -> dict[str, str]:
        return self._candidates.space.labels_of(candidate.architecture)

    def _proposed(self) -> Candidate | None:
        """One proposal, if it fits and is new; else None, and it is recorded as what it is."""
        rejected = self._rejected()
        neighbour = self._neighbour(rejected[-1]) if rejected else None
        if neighbour is not None:
            return neighbour
        candidate = None if len(rejected) >= MAX_REJECTED else self._sampler.propose(self._history())
        return self._uniform("uniform") if candidate is None else self._trainable(candidate)

    def _history(self) -> History:
        question, folded = self._question, self._journal.folded
        records = [folded.records[trial] for trial in sorted(folded.records)]
        source = self._journal.source
        return History(
            self._candidates, records, question.goal, source, question.seed, folded.next_trial, str(question.sampler)
        )

    def _has_started(self) -> bool:
        """Whether all candidates of the start are trained or in training; they are among the first records."""
        started = (r for r in self._journal.records.values() if r.origin == "start" and r.state in STARTED)
        return len(list(islice(started, self._sampler.start))) == self._sampler.start

    def _rejected(self) -> list[Record]:
        """The sampler's proposals since the last training: over the budget, or repeats. Read from the records, so
        that a resumed study goes on in the midst of them."""
        rejected: list[Record] = []
        for record in reversed(self._history().records):
            if record.origin != "sampler" or not (record.state == "infeasible" or record.source is not None):
                break
            rejected.append(record)
        return rejected[::-1]

    def _neighbour(self, repeat: Record) -> Candidate | None:
        """An unknown neighbour of a repeated proposal."""
        if repeat.source is None:
            return None
        candidate = self._candidates.decided(repeat.decisions, "sampler")
        return self._candidates.neighbour(candidate, self._journal.source, self._history().rng("neighbour"))

    def _trainable(self, candidate: Candidate) -> Candidate | None:
        if not candidate.fits:
            self._record_infeasible(candidate)
            return None
        source = self._journal.source(candidate.training_key)
        if source is not None:
            self._record_repeat(candidate, source)
        return candidate if source is None else None

    def _uniform(self, origin: str) -> Candidate:
        return self._candidates.uniform(origin, self._journal.source, self._history().rng("uniform"))

    def _record_infeasible(self, candidate: Candidate) -> None:
        trial = self._journal.folded.next_trial
        record = candidate.record(trial, self.decisions(candidate))
        self._journal.finish(trial, record, "infeasible", reason=candidate.reason)

    def _record_repeat(self, candidate: Candidate, source: int) -> None:
        trial = self._journal.folded.next_trial
        record = candidate.record(trial, self.decisions(candidate), source=source)
        if self._journal.records[source].state == "running":
            self._journal.add("proposed", trial=trial, record=record.to_data())
        else:
            reuse(self._journal, trial, source, record)


def settle_waiting(journal: Journal) -> None:
    """Give the proposals that waited for an equal training its score, once it has one."""
    for record in journal.waiting():
        if record.source in journal.records and journal.records[record.source].state != "running":
            reuse(journal, record.trial, record.source, record)


def reuse(journal: Journal, trial: int, source: int, record: Record) -> None:
    """Record that a trial took the outcome of an equal training."""
    trained = journal.records[source]
    journal.finish(
        trial,
        record,
        "reused",
        reason=f"equal to trial {source} ({trained.state})",
        top1=trained.top1,
        top1_by_epoch=trained.top1_by_epoch,
        epochs=trained.epochs,
        seed=trained.seed,
    )
