"""Running a study of given networks: on the study's executors, with its log; killed anywhere, the same call goes on."""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any, cast

from nas.families.member import Member
from nas.families.plan import FamilyPlan
from nas.storage import layout
from nas.storage.files import remove_leftovers
from nas.storage.lock import locked
from nas.study import checkpoints, noise, open_study
from nas.study.base import choose
from nas.study.definition import going_on, write_definition
from nas.study.errors import StudyError
from nas.study.executors.protocol import NETWORK, Executor, Job
from nas.study.executors.table import executor_of
from nas.study.journal import Journal, Progress
from nas.study.log import open_log
from nas.study.members import DONE, KNOWN, MEMBER, SIDE
from nas.study.records import Record
from nas.study.run_options import RunOptions
from nas.study.seeds import derive
from nas.study.study import Study
from nas.study.trainer import NAME
from search_spaces import cost, digest
from search_spaces.errors import UserError
from search_spaces.files.codec import to_data

MAX_FAILED = 3  # times that a training is tried, over all runs; more failures of one run stop it


def conduct(
    plan: FamilyPlan,
    options: RunOptions,
    *,
    progress: Progress | None = None,
    trainer: str = NAME,
) -> Study:
    """Train what is missing, write the page, and return the study.

    Of the ``options``, ``keep`` is whose checkpoints stay: all, the first of each member (base), or none; after
    ``time`` seconds no training is begun any more; ``trials`` is not read. ``trainer`` is the training function,
    ``module:name``. Raises UserError where the folder is in use or the executor lacks something, StudyError when too
    much fails, KeyboardInterrupt with a line that says how to go on.
    """
    from nas.report.page import write_report

    try:
        plan.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{plan.folder} cannot be written: {error.strerror}", "out") from None
    with locked(plan.folder):
        (plan.folder / layout.CHECKPOINTS).mkdir(exist_ok=True)
        for place in (plan.folder, plan.folder / layout.CHECKPOINTS):
            remove_leftovers(place)
        if plan.exists:
            going_on(plan.folder, plan.definition, plan.question)
        write_definition(plan.folder, plan.definition)
        journal = Journal(plan.folder, open_log(plan.folder / layout.LOG), progress)
        wish = replace(options, trials=len(plan.members) * plan.seeds)
        run = executor_of(cast(Any, plan), plan.definition, wish)
        try:
            _Trainings(plan, journal, run, wish, trainer).go()
        finally:
            run.close()
            journal.close()
        write_report(plan.folder)
    return open_study(plan.folder)


class _Trainings:
    """One run. It is the executor's handler; all that it knows is in the journal."""

    def __init__(
        self,
        plan: FamilyPlan,
        journal: Journal,
        executor: Executor,
        options: RunOptions,
        trainer: str,
    ) -> None:
        self.plan, self.journal, self.executor = plan, journal, executor
        self.keep, self.trainer = options.keep, trainer
        self._deadline = math.inf if options.time is None else time.monotonic() + options.time
        self._active: set[int] = set()
        self._failures: list[str] = []

    def go(self) -> None:
        plan, journal = self.plan, self.journal
        trials = len(set(plan.keys.values()))
        journal.add("opened", pid=os.getpid(), trials=trials, definition=plan.definition.digest)
        try:
            state = self._train()
            self._share()
            journal.add("noise", **asdict(noise.estimate(self._of_members(), plan.question.goal)))
            if best := choose(journal.records, plan.question.goal):
                journal.add("base", **asdict(best))
            journal.add("ended", state=state)
        except KeyboardInterrupt:
            journal.add("ended", state="interrupted")
            done = sum(record.state in DONE for record in journal.records.values())
            text = f"stopped with {done} of {trials * plan.seeds} trainings done"
            raise KeyboardInterrupt(f"{text}; the same command goes on from {plan.folder}") from None
        except StudyError as error:
            journal.add("ended", state="failed", reason=str(error))
            raise

    def _train(self) -> str:
        """Everything that is missing, all members with one seed before the next seed; returns finished or time."""
        pending = deque(self._missing())
        while True:
            while pending and self.executor.free() > 0 and time.monotonic() < self._deadline:
                self._begin(*pending.popleft())
            if not self._active:
                return "time" if pending else "finished"
            self.executor.wait(self)
            self.journal.check()
            if len(self._failures) > max(MAX_FAILED, len(self.plan.members) // 4):
                reasons = "; ".join(dict.fromkeys(self._failures))
                raise StudyError(f"stopped after {len(self._failures)} failed trainings: {reasons}")

    def _of_members(self) -> list[Record]:
        """Without known networks beside them, which may differ more from seed to seed."""
        return [record for record in self.journal.records.values() if KNOWN not in record.decisions]

    def _missing(self) -> Iterator[tuple[Member, int]]:
        """Members and seeds without a finished training; of members that are trained alike, the first alone."""
        first = {key: name for name, key in reversed(self.plan.keys.items())}
        for replicate in range(self.plan.seeds):
            for member in self.plan.members:
                tries = [
                    r
                    for r in self.journal.records.values()
                    if (r.decisions.get(MEMBER), r.replicate) == (member.name, replicate)
                ]
                failed = sum(record.state == "failed" for record in tries)
                is_done = any(record.state in DONE for record in tries)
                if not is_done and failed < MAX_FAILED and first[self.plan.keys[member.name]] == member.name:
                    yield member, replicate

    def _begin(self, member: Member, replicate: int) -> None:
        record = self._unfinished(member, replicate) or self._proposed(member, replicate)
        path = checkpoints.path_of(self.plan.folder, record)
        task = self.plan.task(member, replicate)
        self._active.add(record.trial)
        self.executor.submit(Job(record.trial, self.trainer, task, record.seed or 0, str(path)))

    def _unfinished(self, member: Member, replicate: int) -> Record | None:
        """The training that a kill left behind, which goes on from its checkpoint."""
        running = self.journal.running(replicates=replicate > 0)
        name = (member.name, replicate)
        return next((r for r in running if (r.decisions.get(MEMBER), r.replicate) == name), None)

    def _proposed(self, member: Member, replicate: int) -> Record:
        record = self._record(member, replicate)
        architecture = to_data(member.architecture)
        self.journal.add("proposed", trial=record.trial, record=record.to_data(), architecture=architecture)
        return self.journal.records[record.trial]

    def _record(self, member: Member, replicate: int) -> Record:
        key, total = self.plan.keys[member.name], cost(member.architecture)
        return Record(
            trial=self.journal.folded.next_trial,
            state="running",
            digest=digest(member.architecture),
            params=total.params,
            macs=total.macs,
            activations=total.activations,
            peak_bytes=total.peak_bytes,
            seed=derive(self.plan.question.seed, key, replicate),
            replicate=replicate,
            training_key=key,
            decisions={MEMBER: member.name, SIDE: str(member.architecture.image_size), **member.labels},
            origin="retrain" if replicate else "enumerated",
            source=self._first_trial(member) if replicate else None,
        )

    def _first_trial(self, member: Member) -> int | None:
        """The member's training with the first seed."""
        records = self.journal.records.values()
        return next((r.trial for r in records if r.decisions.get(MEMBER) == member.name and r.replicate == 0), None)

    def _share(self) -> None:
        """Give members that are trained alike the outcome of the one that was trained."""
        for replicate in range(self.plan.seeds):
            alike = {
                r.training_key: r
                for r in self.journal.records.values()
                if r.replicate == replicate and r.state == "complete"
            }
            known = {r.decisions.get(MEMBER) for r in self.journal.records.values() if r.replicate == replicate}
            for member in self.plan.members:
                trained = alike.get(self.plan.keys[member.name])
                if trained is None or member.name in known:
                    continue
                record = replace(self._record(member, replicate), source=trained.trial)
                reason = f"equal to trial {trained.trial} ({trained.decisions[MEMBER]})"
                self.journal.finish(
                    record.trial,
                    record,
                    "reused",
                    reason=reason,
                    top1=trained.top1,
                    top1_by_epoch=trained.top1_by_epoch,
                    loss_by_epoch=trained.loss_by_epoch,
                    epochs=trained.epochs,
                    seed=trained.seed,
                )

    # What the executor reports.

    def started(self, trial: int, attempt: int, where: str) -> None:
        self.journal.add("started", trial=trial, attempt=attempt, where=where)

    def retried(self, trial: int, attempt: int, reason: str) -> None:
        self.journal.add("retried", trial=trial, attempt=attempt, reason=reason)

    def epoch(self, trial: int, epoch: int, metrics: dict[str, Any]) -> bool:
        """Record an epoch, once; every training runs to its end."""
        self.journal.add_epoch(trial, epoch, metrics)
        return True

    def done(self, trial: int, result: dict[str, Any]) -> None:
        record = self.journal.records[trial]
        curve = tuple(result.get("top1_by_epoch") or record.top1_by_epoch)
        ended = replace(record, top1=result["top1"], top1_by_epoch=curve, epochs=len(curve))
        seconds = max(record.seconds, result.get("seconds") or 0.0)
        self._end(ended, "complete", seconds=round(seconds, 3))

    def failed(self, trial: int, reason: str, cause: str = NETWORK) -> None:
        self._failures.append(reason)
        self._end(self.journal.records[trial], "failed", reason=reason)

    def _end(self, record: Record, state: str, **fields: Any) -> None:
        self._active.discard(record.trial)
        self.journal.finish(record.trial, record, state, **fields)
        kept = self.keep == "all" or (self.keep == "base" and record.replicate == 0)
        if not kept or state == "failed":
            checkpoints.path_of(self.plan.folder, record).unlink(missing_ok=True)
