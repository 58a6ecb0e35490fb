"""How much a study trains, in epochs of the search by one trainer; how long that takes; and when time is up."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from nas.study.pruners import PRUNERS
from nas.study.question import Question
from nas.study.records import Record

if TYPE_CHECKING:
    from nas.study.plan import Plan
    from nas.study.run_options import RunOptions
    from search_spaces import Architecture

KEPT = 0.5  # of the time, at most, is kept for what comes after the search
SLOWEST_STEP, SLOWEST_MACS = 0.05, 5 * 10**8  # seconds of a step beside its MACs, which any core makes a second
STEPS = 3  # that are timed, after one that warms up
FORWARD = 1 / 3  # of a training step's time


@dataclass(frozen=True)
class Workload:
    """Epochs of the search, of training the best again, of the final training (which one trainer makes) and of random
    search to set the search beside."""

    search: float
    retraining: float = 0.0
    final: float = 0.0
    random: float = 0.0

    def seconds(self, epoch: float, trainers: int) -> float:
        """How long it takes where an epoch takes ``epoch`` seconds."""
        return epoch * ((self.search + self.retraining + self.random) / trainers + self.final)


def workload(question: Question, trials: int, epochs: int, final: float = 0.0, baseline: bool = False) -> Workload:
    """Of a study with so many trials of at most ``epochs``; ``final`` is its final training, in trainings of the
    search."""
    searched = PRUNERS[question.pruner or "none"].workload(trials, epochs, max(1, question.retrain))
    again = float(min(question.retrain * len(question.tiers), trials) * question.seeds * epochs)
    return Workload(searched, again, final * epochs, searched + again if baseline else 0.0)


def workload_of(plan: Plan, options: RunOptions) -> Workload | None:
    """Of a plan; None under the user's own evaluator, of which nothing is known."""
    from nas.study.final import final_training

    if plan.sized is None:
        return None
    final = final_training(plan, options.final, options.trials)
    trainings = final.trainings if final is not None and final.is_wanted else 0.0
    return workload(plan.question, options.trials, plan.sized.epochs, trainings, options.baseline is not None)


def trainers_of(plan: Plan, options: RunOptions) -> int:
    """How many trainings will run side by side."""
    from nas.study.executors.local import environments
    from nas.training.settings import device_of

    if plan.sized is None:
        return 1
    settings = {"device": device_of(plan.question.device), "threads": 1}
    return len(environments(settings, options.workers, options.trials))


def longest_epoch(plan: Plan) -> float | None:
    """More seconds than an epoch and its validation of one network within the budgets take on any core, told without
    torch; None on a GPU, and under the user's own evaluator."""
    from nas.training.settings import device_of
    from search_spaces import cost

    if plan.sized is None or plan.data is None or device_of(plan.question.device) != "cpu":
        return None
    macs = cost(_drawn(plan)).macs / FORWARD * _images_an_epoch(plan)
    return plan.sized.steps * SLOWEST_STEP + macs / SLOWEST_MACS


def measured_epoch(plan: Plan) -> float | None:
    """Seconds of an epoch and its validation of one network within the budgets, by a few training steps on random
    images; None where they cannot be timed here: on a GPU, and under the user's own evaluator."""
    from nas.module.threads import threads
    from nas.training.settings import device_of
    from nas.training.threads import MAX_MACS, training_step
    from search_spaces import cost

    if plan.sized is None or plan.data is None or device_of(plan.question.device) != "cpu":
        return None
    network = _drawn(plan)
    images = max(2, min(plan.sized.batch, MAX_MACS // max(1, cost(network).macs)))
    with threads(1):
        step = training_step(network, images)
        seconds = [_timed(step) for _ in range(1 + STEPS)]
    return statistics.median(seconds[1:]) / images * _images_an_epoch(plan)


def _drawn(plan: Plan) -> Architecture:
    """A network within the budgets, as it is trained."""
    from nas.training.settings import trained_network

    assert plan.sized is not None
    assert plan.data is not None
    drawn = plan.feasible.sample(Random(0), 1)[0]
    return trained_network(drawn, plan.sized.recipe, plan.search_size, len(plan.data.classes))


def _images_an_epoch(plan: Plan) -> float:
    """In forward and backward passes; one of validation counts for a third."""
    assert plan.sized is not None
    assert plan.data is not None
    return plan.sized.steps * plan.sized.batch + FORWARD * len(plan.data.val)


def _timed(step: object) -> float:
    start = time.perf_counter()
    step()  # type: ignore[operator]
    return time.perf_counter() - start


def seconds_an_epoch(records: Iterable[Record]) -> float | None:
    """What an epoch took in the trainings so far; None before the first."""
    trained = [r for r in records if r.epochs and r.seconds > 0]
    return sum(r.seconds for r in trained) / sum(r.epochs for r in trained) if trained else None


class OutOfTime(Exception):
    """The time of the command is up; the text says what was not done."""


@dataclass(frozen=True)
class TimeBudget:
    """The ``seconds`` that a command may take from ``began`` (monotonic seconds), with all that it does."""

    seconds: float = math.inf
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds."""
        return self.began + self.seconds - time.monotonic()

    def ends_search(self, work: Workload, trials: int, epoch: float | None, trainers: int) -> bool:
        """Whether no training of the search may begin any more: it would leave no time for what comes after it, for
        which at most half of the time is kept."""
        if epoch is None or math.isinf(self.seconds):
            return self.left <= 0
        elapsed = self.seconds - self.left
        again = epoch * work.retraining / trainers
        after = again + self._final(work, epoch) + (elapsed + again if work.random else 0.0)
        return self.left <= min(after, KEPT * self.seconds) + epoch * work.search / trials

    def ends_retraining(self, work: Workload, epoch: float | None, epochs: int) -> bool:
        """Whether no retraining may begin any more."""
        if epoch is None or math.isinf(self.seconds):
            return self.left <= 0
        return self.left <= self._final(work, epoch) + epoch * epochs

    def _final(self, work: Workload, epoch: float) -> float:
        """Seconds of the final training, where it fits into what may be kept for it."""
        seconds = epoch * work.final
        return seconds if seconds <= KEPT * self.seconds else 0.0
