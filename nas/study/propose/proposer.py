"""The next candidate to train: the start within the budgets, then the sampler, with over-budget and
repeated ones sorted out."""

from __future__ import annotations

from nas.study.journal import Journal
from nas.study.propose import samplers
from nas.study.propose.candidates import Candidate, Candidates
from nas.study.propose.evolution import OWN
from nas.study.question import Definition
from nas.study.records import Record
from nas.study.seeds import derive, generator

ATTEMPTS = 10  # proposals of the sampler for one training, before one is drawn from within
STARTED = ("complete", "pruned", "running")


class Proposer:
    """Proposes from what the journal says, and writes proposals that are not trained into it."""

    def __init__(self, definition: Definition, candidates: Candidates, journal: Journal, trials: int) -> None:
        self._definition = definition
        self._candidates = candidates
        self._journal = journal
        self._trials = trials
        self._labels = {d.name: d.labels for d in candidates.space.decisions}

    def next(self) -> Candidate:
        """A candidate that fits and is not known. Raises ExhaustedError when none can be found."""
        sampler = self._definition.sampler
        if sampler == "random":
            return self._uniform("random")
        if self._candidates.feasible.at_most(self._trials):
            return self._uniform("enumerated")
        if self._started() < samplers.START:
            return self._uniform("start")
        if sampler in OWN:
            return self._evolved() or self._uniform("uniform")
        while True:
            vain = self._in_vain()
            found = self._beside(vain[-1]) if vain else None
            if found is None:
                found = self._uniform("uniform") if len(vain) >= ATTEMPTS else self._trainable(self._asked())
            if found is not None:
                return found

    def decisions(self, candidate: Candidate) -> dict[str, str]:
        return self._candidates.space.labels_of(candidate.architecture)

    def _started(self) -> int:
        records = self._journal.records.values()
        return sum(r.origin == "start" and r.state in STARTED for r in records)

    def _history(self) -> list[Record]:
        return [self._journal.records[trial] for trial in sorted(self._journal.records)]

    def _evolved(self) -> Candidate | None:
        """A proposal of one of the samplers that stay within the budgets."""
        sampler, objective = self._definition.sampler, self._definition.objective
        rng = generator(self._definition.seed, sampler, self._journal.folded.next_trial)
        return OWN[sampler](self._candidates, self._history(), objective, self._journal.source, rng)

    def _asked(self) -> Candidate:
        seed = derive(self._definition.seed, self._definition.sampler, self._journal.folded.next_trial)
        own = self._definition
        labels = samplers.ask(self._labels, self._history(), own.objective, seed, own.sampler)
        return self._candidates.decided(labels, "sampler")

    def _in_vain(self) -> list[Record]:
        """The sampler's proposals since the last training: over the budget, or repeats. Read from the records, so
        that a resumed study goes on in the midst of them."""
        vain: list[Record] = []
        for trial in sorted(self._journal.records, reverse=True):
            record = self._journal.records[trial]
            if record.origin != "sampler" or not (record.state == "infeasible" or record.source is not None):
                break
            vain.append(record)
        return vain[::-1]

    def _beside(self, repeat: Record) -> Candidate | None:
        """An unknown neighbour of a repeated proposal."""
        if repeat.source is None:
            return None
        rng = generator(self._definition.seed, "neighbour", self._journal.folded.next_trial)
        candidate = self._candidates.decided(repeat.decisions, "sampler")
        return self._candidates.neighbour(candidate, self._journal.source, rng)

    def _trainable(self, candidate: Candidate) -> Candidate | None:
        """The candidate if it fits and is new; else None, and it is recorded as what it is."""
        if not candidate.fits:
            self._record_infeasible(candidate)
            return None
        source = self._journal.source(candidate.training_key)
        if source is not None:
            self._record_repeat(candidate, source)
        return candidate if source is None else None

    def _uniform(self, origin: str) -> Candidate:
        rng = generator(self._definition.seed, "uniform", self._journal.folded.next_trial)
        return self._candidates.uniform(origin, self._journal.source, rng)

    def _record_infeasible(self, candidate: Candidate) -> None:
        trial = self._journal.folded.next_trial
        over = [name for name, violation in candidate.constraints.items() if violation > 0]
        record = candidate.record(trial, self.decisions(candidate))
        self._journal.finish(trial, record, "infeasible", reason=f"outside {', '.join(over)}")

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
