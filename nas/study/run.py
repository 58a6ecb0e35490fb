"""One run of a study under its lock: what is settled at its start, search, retraining, the choice and training of the
base, random search beside it. Heavy imports stand inside the functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.storage import layout

if TYPE_CHECKING:
    from nas.study.definition import Definition
    from nas.study.executors.protocol import Executor
    from nas.study.journal import Journal, Progress
    from nas.study.outcome import BaseChoice, FinalScore
    from nas.study.plan import Plan
    from nas.study.records import Record
    from nas.study.run_options import RunOptions
    from nas.study.tiers import Tier
    from nas.study.workload import TimeBudget
    from search_spaces import Architecture


def make_folder(folder: Path) -> None:
    from search_spaces.errors import UserError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}") from None


def check_files(folder: Path) -> None:
    """Raises UserError where a folder stands in the place of a file that the study writes."""
    from search_spaces.errors import UserError

    for name in (layout.RECORDS, layout.BASE, layout.REPORT):
        if (folder / name).is_dir():
            raise UserError(f"{folder / name} is a folder, and the study writes a file there")


def measured_settings(plan: Plan) -> dict[str, Any]:
    """What is decided once at the start of a study: device, dtype, batch, threads, sizes, epochs."""
    question = plan.question
    if plan.sized is None:
        return {"epochs": question.epochs}
    from nas.training.settings import settings_for

    sized, side = plan.sized, plan.search_size
    settings = settings_for(sized.recipe, question.device, epochs=sized.epochs, batch=sized.batch, image_size=side)
    return settings.to_data()


def settled(plan: Plan, settings: dict[str, Any]) -> Definition:
    """The stored definition, whose device must still be there, or a new one with the settings measured now."""
    from nas.study.definition import check_same, going_on, read_definition, write_definition
    from search_spaces.errors import UserError

    if plan.exists:
        stored = read_definition(plan.folder)
        check_same(plan.folder, stored, plan.definition)
        if "epochs" not in stored.settings:
            raise UserError(f"{plan.folder / layout.STUDY}: settings.epochs is missing")
        _check_device(plan.folder, stored)
        return going_on(plan.folder, stored, plan.question)
    definition = replace(plan.definition, settings=settings)
    write_definition(plan.folder, definition)
    (plan.folder / layout.CHECKPOINTS).mkdir(exist_ok=True)
    return definition


def _check_device(folder: Path, definition: Definition) -> None:
    """A study begun on a GPU goes on on one: elsewhere its scores could not be compared."""
    from search_spaces.errors import UserError

    device = str(definition.settings.get("device", "cpu"))
    if device == "cpu":
        return
    from nas.training.settings import device_of

    try:
        device_of(device)
    except UserError as error:
        raise UserError(f"{folder} was begun on {device} and can go on there only: {error}") from None


@contextmanager
def opened_journal(folder: Path, progress: Progress | None) -> Iterator[Journal]:
    from nas.study.journal import Journal
    from nas.study.log import open_log

    journal = Journal(folder, open_log(folder / layout.LOG), progress)
    try:
        for problem in journal.problems:
            journal.add("problem", text=problem)
        yield journal
    finally:
        journal.close()


def _no_limit() -> TimeBudget:
    from nas.study.workload import TimeBudget

    return TimeBudget()


@dataclass(frozen=True)
class StudyRun:
    """One run of a study: search, retraining, choice of the base, its test."""

    plan: Plan
    definition: Definition
    journal: Journal
    executor: Executor
    options: RunOptions
    trainer: str
    progress: Progress | None = None
    time: TimeBudget = field(default_factory=_no_limit)

    def go(self) -> None:
        from nas.study.errors import StudyError

        journal, options = self.journal, self.options
        opened = {"trials": options.trials, "definition": self.definition.digest, "max_failures": options.max_failures}
        journal.add("opened", pid=os.getpid(), **opened, versions=self.plan.definition.versions)
        try:
            driver = self._driver(meanwhile=self._refer)
            searched, retrained = driver.search(), driver.retrain()
            self._refer()
            concluded = self._conclude()
            compared = self._search_at_random() if options.baseline else "finished"
            journal.add("ended", state="time" if "time" in (retrained, concluded, compared) else searched)
        except KeyboardInterrupt:
            journal.add("ended", state="interrupted")
            raise KeyboardInterrupt(f"stopped with {journal.counted()} of {options.trials} trainings done") from None
        except StudyError as error:
            journal.add("ended", state="failed", reason=str(error))
            raise

    def _search_at_random(self) -> str:
        """Random search of as many trainings in a folder of its own, and what it would have chosen; finished or
        time."""
        from nas.storage.lock import locked
        from nas.study.baseline import compared, known_from, random_plan

        def watch(event: dict[str, Any]) -> None:
            if self.progress is not None and event["event"] == "finished":
                self.progress({"event": "random_finished", "record": event["record"], "done": journal.counted()})

        plan = random_plan(self.plan)
        make_folder(plan.folder)
        with locked(plan.folder):
            definition = settled(plan, dict(self.definition.settings))
            with opened_journal(plan.folder, watch) as journal:
                journal.folded.latencies.update(self.journal.folded.latencies)
                journal.add("opened", pid=os.getpid(), trials=self.options.trials, definition=definition.digest)
                run = replace(self, plan=plan, definition=definition, journal=journal)
                driver = run._driver(known_from(self.journal.records))
                searched, retrained = driver.search(), driver.retrain()
                state = "time" if retrained == "time" else searched
                choice = run._choose()
                outcome = compared(self.journal.records, journal.records, definition.question.goal, state)
                journal.add("base", **asdict(choice))
                journal.add("ended", state=state)
        assert outcome is not None  # both have a base
        self.journal.add("baseline", **asdict(outcome))
        return state if state == "time" else "finished"

    def _driver(
        self,
        known: Callable[[Record], Record | None] = lambda record: None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Any:
        from nas.study.driver import Driver, Training
        from nas.study.job import key_of, task_of
        from nas.study.propose.candidates import Candidates
        from nas.study.propose.latency import Latencies, on_device
        from nas.study.workload import workload_of

        plan, settings = self.plan, self.definition.settings
        measure = on_device(settings.get("device", "cpu"), settings.get("threads", 1), self.executor.paused)
        latencies = Latencies(plan.latency_budgets, self.journal, measure) if plan.latency_budgets else None
        question = self.definition.question
        nested = zip((plan.feasible, *plan.smaller), question.tiers, strict=True)
        candidates = [Candidates(feasible, key_of(plan, self.definition), latencies, tier) for feasible, tier in nested]
        training = Training(self.trainer, task_of(plan, self.definition), settings["epochs"], self._key)
        work = workload_of(plan, self.options)
        return Driver(
            plan.folder,
            question,
            candidates,
            self.journal,
            self.executor,
            training,
            self.options,
            known,
            self.time,
            work,
            meanwhile,
        )

    def _key(self, architecture: Architecture, accumulate: int) -> str:
        from nas.study.job import key_of

        return key_of(self.plan, self.definition, accumulate)(architecture)

    def _refer(self) -> None:
        """Record once what a logistic regression reaches on the same images."""
        if self.plan.data is not None and self.journal.folded.reference is None:
            from nas.training.reference import kept_reference

            self.journal.add("reference", **asdict(kept_reference(self.plan.data)))

    def _conclude(self) -> str:
        """Choose the base of each budget, write its file, and train it in the end, or test it as it is; finished or
        time."""
        from nas.study import checkpoints
        from nas.study.tiers import Tier
        from nas.study.workload import OutOfTime

        plan, journal, keep = self.plan, self.journal, self.options.keep
        choices = {Tier(): self._choose(), **self._choose_smaller()}
        if keep != "all":
            trials = {choice.trial for choice in choices.values()}
            checkpoints.sweep(plan.folder, trials if keep == "base" else ())
        for tier, choice in choices.items():
            self._write_base(tier, choice, checkpoints.path_of(plan.folder, journal.records[choice.trial]))
            if tier.budget is None:
                journal.add("base", **asdict(choice))
            else:
                journal.add("smaller_base", **asdict(choice), budget=str(tier.budget))
        try:
            for tier, choice in choices.items():
                self._hand_over(tier, choice)
        except OutOfTime as error:
            journal.add("problem", text=str(error))
            return "time"
        return "finished"

    def _hand_over(self, tier: Tier, choice: BaseChoice) -> None:
        """Train a base in the end, or test it as it is."""
        from nas.study import checkpoints

        record = self.journal.records[choice.trial]
        weights = checkpoints.path_of(self.plan.folder, record)
        final = self._train_base(record)
        if final is not None:
            self._write_base(tier, choice, self.plan.folder / final.folder / layout.WEIGHTS)
        elif weights.exists():
            self._test(record.trial, weights)

    def _choose_smaller(self) -> dict[Tier, BaseChoice]:
        """The base of each smaller budget."""
        from nas.study.base import choose

        question, records, choices = self.definition.question, self.journal.records.values(), {}
        for tier in question.tiers[1:]:
            choice = choose({record.trial: record for record in tier.records(records)}, question.goal)
            if choice is None:
                self.journal.add("problem", text=f"no training within {tier.budget} was completed: it has no base")
            else:
                choices[tier] = choice
        return choices

    def _choose(self) -> BaseChoice:
        """Estimate the noise and choose the base."""
        from nas.study import noise
        from nas.study.base import choose
        from nas.study.errors import StudyError

        journal, goal = self.journal, self.definition.question.goal
        choice = choose(journal.records, goal)
        if choice is None:
            reasons = [r.reason for r in journal.records.values() if r.state == "failed" and r.reason]
            why = f": {'; '.join(dict.fromkeys(reasons))}" if reasons else ""
            raise StudyError(f"no training was completed in {self.plan.folder}{why}")
        journal.add("noise", **asdict(noise.estimate(journal.records.values(), goal)))
        return choice

    def _write_base(self, tier: Tier, choice: BaseChoice, weights: Path) -> None:
        from nas.study.base import BaseFile

        record = self.journal.records[choice.trial]
        latency = self.journal.folded.latencies.get(str(record.digest))
        BaseFile(self.plan.folder, self.definition, tier, choice, record, weights, latency).write(self.plan.space)

    def _train_base(self, record: Record) -> FinalScore | None:
        """Train the base at its deployment, where that is wished and not done; what is known of it then."""
        from nas.study.executors.worker import is_out_of_memory
        from nas.study.final import final_training, folder_of, is_made, train_base, training_of
        from nas.study.workload import OutOfTime, seconds_an_epoch

        plan, journal, options = self.plan, self.journal, self.options
        known = journal.folded.finals.get(record.trial)
        if is_made(known, plan, options.final, options.trials, record.trial):
            return known
        from nas.training.loop import TrainingFailed  # torch, which a study of an evaluator does without

        final = final_training(plan, options.final, options.trials)
        assert final is not None  # else there were nothing to make
        training = training_of(plan, self.definition, plan.space.decide(record.decisions), final)
        epochs, epoch = final.sized.epochs, seconds_an_epoch(journal.records.values()) or 0.0
        late = OutOfTime(f"time was up before the base was trained at {final.image_size} px: a longer --time does it")
        folder = folder_of(plan.folder, training)
        if (
            not folder.exists()
            and epoch * final.trainings / final.bases * self.definition.settings["epochs"] > self.time.left
        ):
            raise late

        def on_epoch(epoch: int, metrics: dict[str, Any]) -> None:
            journal.add("final_epoch", epoch=epoch, epochs=epochs, top1=metrics["top1"], seconds=metrics["seconds"])
            if self.time.left <= 0 and epoch < epochs:
                raise late

        try:
            score = train_base(training, folder, record.trial, on_epoch)
        except (TrainingFailed, MemoryError, RuntimeError) as error:
            if not isinstance(error, TrainingFailed) and not is_out_of_memory(error):
                raise
            journal.add("problem", text=f"the base was not trained at {final.image_size} px: {error}")
            return None
        journal.add("final", **asdict(score))
        return score

    def _test(self, trial: int, weights: Path) -> None:
        """Read the test split, once for each base."""
        plan = self.plan
        if plan.data is None or plan.recipe is None or trial in self.journal.folded.tests:
            return
        from nas.study.executors.answers import answer
        from nas.study.job import evaluation_of
        from nas.study.trainer import EVALUATE

        result = answer(self.executor, EVALUATE, evaluation_of(plan, self.definition, "test"), str(weights))
        if "problem" in result:  # a damaged checkpoint
            self.journal.add("problem", text=f"the test split was not read: {result['problem']}")
        else:
            side = self.definition.settings["image_size"]
            self.journal.add("test", trial=trial, **result, image_size=side)
