"""The driver: the one process that owns a study. It proposes, submits, listens, and writes everything
down."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nas.storage import layout
from nas.study import checkpoints
from nas.study.errors import StudyError
from nas.study.executors.protocol import MACHINE, MEMORY, NETWORK, Executor, Job
from nas.study.journal import Journal
from nas.study.propose.candidates import Candidate, Candidates, ExhaustedError
from nas.study.propose.proposer import Proposer, settle_waiting
from nas.study.pruners import PRUNERS
from nas.study.question import Question
from nas.study.records import Record
from nas.study.run_options import RunOptions
from nas.study.seeds import derive
from nas.study.tiers import finalists, peers
from nas.study.workload import TimeBudget, Workload, seconds_an_epoch, workload
from search_spaces import Architecture
from search_spaces.errors import UserError

MAX_RETRAININGS = 3  # of a candidate with one seed, where they fail
MAX_ACCUMULATE = 8  # gradient accumulation steps for want of memory


@dataclass(frozen=True)
class Training:
    """How an architecture becomes a job: the trainer's name, ``task(architecture, replicate, accumulate)``, the data
    that it needs (``architecture`` among it), and ``key(architecture, accumulate)``, which names the training; without
    one memory is not saved by gradient accumulation."""

    trainer: str
    task: Callable[[Architecture, int, int], dict[str, Any]]
    epochs: int | None = None
    key: Callable[[Architecture, int], str] | None = None


class Driver:
    """Runs one study to its limits. It is the executor's handler; all that it knows is in the journal."""

    def __init__(
        self,
        folder: Path,
        question: Question,
        candidates: Sequence[Candidates],
        journal: Journal,
        executor: Executor,
        training: Training,
        options: RunOptions,
        known: Callable[[Record], Record | None] = lambda record: None,
        time: TimeBudget | None = None,
        work: Workload | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        self.folder = folder
        self.question = question
        self.candidates = candidates[0]
        self.journal = journal
        self.executor = executor
        self.training = training
        self.options = options
        self._known = known
        self.proposer = Proposer(question, candidates, journal, options.trials)
        self._time = time or TimeBudget()
        self._work = work
        self._meanwhile: Callable[[], None] | None = meanwhile
        self._tiers = question.tiers
        self._trainers = max(1, executor.free())
        self._pruner = PRUNERS[question.pruner or "none"]
        self._active: set[int] = set()
        self._failures: list[str] = []

    # The two phases.

    def search(self) -> str:
        """Train candidates until there are as many trials as wanted; returns finished, exhausted or time."""
        self._try_again()
        pending = deque(self.journal.running(replicates=False))
        state = "finished"
        while True:
            settle_waiting(self.journal)
            while state != "time" and self.executor.free() > 0 and (pending or self._is_more(state)):
                if self._is_late():
                    state = "time"
                elif pending:
                    self._submit(pending.popleft())
                elif (record := self._stopped(state)) is not None:
                    self._continue(record.trial)
                else:
                    state = self._propose()
            if not self._active:
                record = self._closing(1)
                if record is None:
                    return state
                self._continue(record.trial)  # also where time is up: a study with stopped trainings has a base
            if self._proposes(state):
                self.proposer.prepare()
            self._listen()

    def _try_again(self) -> None:
        """What failed in an earlier run because a process died or hung is not held against the network."""
        failed = [r for r in self.journal.records.values() if r.state == "failed" and r.cause == MACHINE]
        for record in [r for r in failed if r.replicate == 0][: max(0, self._wanted())]:
            self.journal.add("again", trial=record.trial)

    def _is_more(self, state: str) -> bool:
        """Whether a training could begin now: of a new candidate, or of one that was stopped."""
        return self._proposes(state) or self._stopped(state) is not None

    def _proposes(self, state: str) -> bool:
        return state == "finished" and self._wanted() > 0

    def _stopped(self, state: str) -> Record | None:
        """The training that was stopped and goes on now."""
        if not self._pruner.has_rungs:
            return None
        groups, epochs = peers(self._tiers, self._maximised()), self._epochs
        record = next(filter(None, (self._pruner.next_up(group, epochs) for group in groups)), None)
        if record is None and not self._active and not self._proposes(state):
            record = self._closing(max(1, self.question.retrain))
        return record

    def _closing(self, wanted: int) -> Record | None:
        """The stopped training that goes on once no candidate is proposed any more, so that each budget has as many
        whole ones as are wanted."""
        nested = (tier.records(self._maximised()) for tier in self._tiers)
        return next(filter(None, (self._pruner.closing(records, self._epochs, wanted) for records in nested)), None)

    def _continue(self, trial: int) -> None:
        self.journal.add("continued", trial=trial, epoch=self.journal.records[trial].epochs)
        self._submit(self.journal.records[trial])

    def _maximised(self) -> list[Record]:
        return list(self.question.goal.maximised(self.journal.records.values()))

    def retrain(self) -> str:
        """Train the best candidates again with further seeds; returns finished or time."""
        pending = deque(self.journal.running(replicates=True))
        missing = deque(missing_retrainings(self.journal.records.values(), self.question))
        while True:
            while (pending or missing) and self.executor.free() > 0 and not self._is_late_again():
                if pending:
                    self._submit(pending.popleft())
                else:
                    self._train_again(*missing.popleft())
            if not self._active:
                return "time" if pending or missing else "finished"
            self._listen()

    def _listen(self) -> None:
        if self._meanwhile is not None:  # once, while the first trainings begin
            meanwhile, self._meanwhile = self._meanwhile, None
            meanwhile()
        self.executor.wait(self)
        self.journal.check()
        if len(self._failures) > self.options.max_failures:
            reasons = "; ".join(dict.fromkeys(self._failures))
            log = self.folder / layout.WORKERS_LOG
            where = f" ({log} has what trainers printed)" if log.is_file() and log.stat().st_size else ""
            raise StudyError(f"stopped after {len(self._failures)} failed trainings: {reasons}{where}")

    def _is_late(self) -> bool:
        """Whether no training of the search may begin any more."""
        if math.isinf(self._time.seconds):
            return False
        options, question, epoch = self.options, self.question, self._seconds_an_epoch()
        work = self._work or workload(question, options.trials, self._epochs, 0.0, options.baseline is not None)
        return self._time.ends_search(work, options.trials, epoch, self._trainers)

    def _is_late_again(self) -> bool:
        """Whether no retraining may begin any more."""
        return self._time.ends_retraining(self._work or Workload(0.0), self._seconds_an_epoch(), self._epochs)

    def _seconds_an_epoch(self) -> float | None:
        return None if math.isinf(self._time.seconds) else seconds_an_epoch(self.journal.records.values())

    def _wanted(self) -> int:
        return self.options.trials - self.journal.counted() - len(self._active)

    def _propose(self) -> str:
        try:
            candidate = self.proposer.next()
        except ExhaustedError as error:
            self.journal.add("exhausted", reason=str(error))
            return "exhausted"
        self._begin(candidate, self.proposer.decisions(candidate))
        return "finished"

    # One training.

    def _train_again(self, record: Record, replicate: int) -> None:
        architecture = self.candidates.space.decide(record.decisions)
        candidate = self.candidates.of(architecture, "retrain")
        self._begin(candidate, record.decisions, record.accumulate, source=record.trial, replicate=replicate)

    def _begin(self, candidate: Candidate, decisions: Mapping[str, str], accumulate: int = 1, **fields: Any) -> None:
        key = candidate.training_key
        if accumulate > 1 and self.training.key is not None:
            key = self.training.key(candidate.architecture, accumulate)
        seed = derive(self.question.seed, key, fields.get("replicate", 0))
        trial = self.journal.folded.next_trial
        record = replace(
            candidate.record(trial, decisions, seed=seed, **fields), training_key=key, accumulate=accumulate
        )
        task = self.training.task(candidate.architecture, record.replicate, accumulate)
        self.journal.add("proposed", trial=trial, record=record.to_data(), architecture=task["architecture"])
        self._submit(self.journal.records[trial], task)

    def _submit(self, record: Record, task: dict[str, Any] | None = None) -> None:
        if self._pruned_before(record) or self._trained_elsewhere(record):
            return
        if task is None:
            architecture = self.candidates.space.decide(record.decisions)
            task = self.training.task(architecture, record.replicate, record.accumulate)
        path = checkpoints.path_of(self.folder, record)
        self._active.add(record.trial)
        self.executor.submit(Job(record.trial, self.training.trainer, task, record.seed or 0, str(path)))

    def _pruned_before(self, record: Record) -> bool:
        """A verdict that a killed driver could not give any more is given now, from the same log."""
        if not record.top1_by_epoch or not self._is_hopeless(record, record.epochs):
            return False
        self._end(record.trial, record, "pruned", reason=f"pruned after epoch {record.epochs}")
        return True

    def _trained_elsewhere(self, record: Record) -> bool:
        """The same training was made by another study: its outcome is taken over."""
        known = self._known(record)
        if known is None:
            return False
        outcome = replace(record, top1=known.top1, epochs=known.epochs, seconds=known.seconds)
        outcome = replace(outcome, top1_by_epoch=known.top1_by_epoch, loss_by_epoch=known.loss_by_epoch)
        self._end(record.trial, outcome, "complete", reason=f"trained by the search as its trial {known.trial}")
        return True

    @property
    def _epochs(self) -> int:
        """Epochs of a whole training; an evaluator that does not say so has as many as the longest so far."""
        return self.training.epochs or max((r.epochs for r in self.journal.records.values()), default=0)

    def _is_hopeless(self, record: Record, epoch: int) -> bool:
        """Whether the pruner stops the training after this epoch; retrainings run to their end, and one that was
        stopped at an epoch and went on is not stopped there again."""
        if record.replicate > 0 or epoch <= record.continued:
            return False
        (maximised,) = self.question.goal.maximised([record])
        group = next(g for g in peers(self._tiers, self._maximised()) if any(r.trial == record.trial for r in g))
        return self._pruner.should_stop(group, maximised.until(epoch), self._epochs)

    def _end(self, trial: int, record: Record, state: str, **fields: Any) -> None:
        self._active.discard(trial)
        self.journal.finish(trial, record, state, **fields)
        self._sweep()

    def _sweep(self) -> None:
        if self.options.keep == "all":
            return
        records = self.journal.records
        if not checkpoints.stored(self.folder) - self._active:
            return
        best = finalists(self._tiers, records.values(), self.question.goal, max(1, self.question.retrain))
        kept = {r.trial for r in best} if self.options.keep == "base" else set()
        going_on = {r.trial for r in records.values() if r.state == "running"}
        for group in peers(self._tiers, self._maximised()):
            going_on |= self._pruner.may_go_on(group, self._epochs)
        checkpoints.sweep(self.folder, kept | going_on)

    # What the executor reports.

    def started(self, trial: int, attempt: int, where: str) -> None:
        self.journal.add("started", trial=trial, attempt=attempt, where=where)

    def retried(self, trial: int, attempt: int, reason: str) -> None:
        self.journal.add("retried", trial=trial, attempt=attempt, reason=reason)

    def epoch(self, trial: int, epoch: int, metrics: dict[str, Any]) -> bool:
        """Record an epoch (once, also where a resumed training reports it again) and say whether to go on."""
        self.journal.add_epoch(trial, epoch, metrics)
        record = self.journal.records[trial]
        return not self._is_hopeless(record, epoch)

    def done(self, trial: int, result: dict[str, Any]) -> None:
        record = self.journal.records[trial]
        curve = tuple(result.get("top1_by_epoch") or record.top1_by_epoch)
        pruned = bool(result.get("pruned"))
        ended = replace(record, top1=result["top1"], top1_by_epoch=curve, epochs=len(curve))
        seconds = max(record.seconds, result.get("seconds") or 0.0)
        when = f"after epoch {len(curve)}" if curve else "before its first epoch"
        reason = f"pruned {when}" if pruned else None
        self._end(trial, ended, "pruned" if pruned else "complete", seconds=round(seconds, 3), reason=reason)

    def failed(self, trial: int, reason: str, cause: str = NETWORK) -> None:
        record = self.journal.records[trial]
        accumulate = 2 * record.accumulate
        if cause == MEMORY and self._can_accumulate(record, accumulate):
            reason = f"{reason}; trained anew with {accumulate} gradient accumulation steps"
            self._end(trial, record, "failed", reason=reason, cause=cause)
            candidate = self.candidates.of(self.candidates.space.decide(record.decisions), record.origin)
            fields = {"source": record.source, "replicate": record.replicate}
            self._begin(candidate, record.decisions, accumulate, **fields)
        else:
            self._failures.append(reason)
            self._end(trial, record, "failed", reason=reason, cause=cause)

    def _can_accumulate(self, record: Record, accumulate: int) -> bool:
        """Whether the training can be made in so many gradient accumulation steps, each with fewer images at once."""
        if self.training.key is None or accumulate > MAX_ACCUMULATE:
            return False
        try:
            self.training.key(self.candidates.space.decide(record.decisions), accumulate)
        except UserError:  # the batch cannot be divided so
            return False
        return True


def missing_retrainings(records: Collection[Record], question: Question) -> list[tuple[Record, int]]:
    """The retrainings that the best candidates lack, as (search trial, replicate). One that failed is made again by the
    next run of the study, at most MAX_RETRAININGS times in all."""
    best = finalists(question.tiers, records, question.goal, question.retrain)
    states: dict[tuple[int | None, int], list[str]] = {}
    for record in records:
        states.setdefault((record.source, record.replicate), []).append(record.state)
    wanted = [(record, replicate) for record in best for replicate in range(1, question.seeds + 1)]
    return [
        (record, replicate)
        for record, replicate in wanted
        if set(tried := states.get((record.trial, replicate), [])) <= {"failed"} and len(tried) < MAX_RETRAININGS
    ]
