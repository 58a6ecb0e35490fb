"""What a person sees while a study runs: a live block on a terminal, plain lines elsewhere. All on stderr.

Both are folds over the study's own events, so they show what the log holds and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nas.cli.output import is_live, one_line, say
from nas.study import objectives
from nas.study.objectives import ranked
from nas.study.question import Question
from nas.study.records import Folded, Record, apply
from nas.study.tiers import finalists
from nas.study.workload import Workload, seconds_an_epoch
from nas.text.numbers import percent, rounded, seconds_text
from nas.text.scores import SCORE, TOP1, Scale

BAR = 30
Event = Mapping[str, Any]


def bar(share: float, width: int) -> str:
    """A bar of ``width`` characters, filled by ``share`` (0 to 1)."""
    filled = round(width * min(1.0, share))
    return "━" * filled + "╌" * (width - filled)


@dataclass
class Watched:
    """Where a study stands, folded from its events; ``before`` counts what earlier processes have done, ``scale`` is
    that of its scores. ``work`` is all that it will train with so many ``trainers``, of which ``epoch`` is what an
    epoch was expected to take (seconds); ``final_share`` of the final training and ``random_epochs`` of the random
    search are done."""

    question: Question
    trials: int
    epochs: int | None = None
    folded: Folded = field(default_factory=Folded)
    started: float = field(default_factory=time.monotonic)
    before: int = 0
    scale: Scale = TOP1
    work: Workload | None = None
    epoch: float | None = None
    trainers: int = 1
    final_share: float = 0.0
    random_epochs: float = 0.0

    def take(self, event: Event) -> None:
        """Take one event in."""
        apply(self.folded, dict(event))
        if event["event"] == "final_epoch":
            self.final_share = event["epoch"] / event["epochs"]
        if event["event"] == "random_finished":
            self.random_epochs += event["record"]["epochs"]

    @property
    def done(self) -> int:
        """Trainings of the search that count."""
        return sum(record.counted for record in self.folded.records.values())

    @property
    def retrained(self) -> int:
        """Trainings with another seed that have ended."""
        records = self.folded.records.values()
        return len({(r.source, r.replicate) for r in records if r.replicate > 0 and r.state != "running"})

    @property
    def again(self) -> int:
        """Trainings with another seed that there will be: once they have begun, the candidates are known. Those of
        candidates that were among the best of a shorter search count, too."""
        question, records = self.question, self.folded.records.values()
        chosen = {r.trial for r in finalists(question.tiers, records, question.goal, question.retrain)}
        chosen = chosen if self.retrained else set()
        former = {(r.source, r.replicate) for r in self.folded.records.values() if r.replicate} if chosen else set()
        wanted = question.seeds * (len(chosen) or min(question.retrain * len(question.tiers), self.trials))
        return wanted + sum(source not in chosen for source, _ in former)

    @property
    def best(self) -> Record | None:
        """The complete training that the objective puts first so far."""
        return next(iter(self._ranked()), None)

    @property
    def running(self) -> list[Record]:
        """Trainings under way."""
        return [r for r in self.folded.records.values() if r.state == "running" and (r.replicate or r.source is None)]

    def _ranked(self) -> list[Record]:
        return ranked(self.folded.records.values(), self.question.goal)

    def seconds_left(self) -> float | None:
        """By what an epoch takes, expected and measured, and all that is left to train; where that is not known, by the
        mean rate since this process began, and None before the first training ended."""
        if self.work is not None and self.epochs:
            return self._work_left(self.work, self.epochs)
        ended = self.done + self.retrained
        new = ended - self.before
        if new <= 0:
            return None
        left = max(0, self.trials + self.again - ended)
        return (time.monotonic() - self.started) / new * left

    def _work_left(self, work: Workload, epochs: int) -> float | None:
        """Seconds; what was expected of an epoch counts as much as one measured training."""
        records = self.folded.records.values()
        measured = seconds_an_epoch(records)
        expected = measured if self.epoch is None else self.epoch
        if expected is None:
            return None
        trained = sum(r.epochs for r in records if r.seconds > 0)
        epoch = (epochs * expected + trained * (measured or 0.0)) / (epochs + trained)
        done = {again: sum(r.epochs for r in records if (r.replicate > 0) is again) for again in (False, True)}
        searched = work.search - done[False] if self.done < self.trials or self.running else 0.0
        left = Workload(
            max(0.0, searched),
            max(0.0, work.retraining - done[True]),
            work.final * (1 - self.final_share),
            max(0.0, work.random - self.random_epochs),
        )
        return left.seconds(epoch, self.trainers)


def watched(
    question: Question, trials: int, epochs: int | None, records: Iterable[Record], scale: Scale | None = None
) -> Watched:
    """The state at the start of this process; ``records`` are what earlier ones have done. Without a ``scale`` it is
    that of the objective."""
    of_objective = SCORE if question.objective == objectives.SCORE else TOP1
    folded = Folded(records={r.trial: r for r in records})
    state = Watched(question, trials, epochs, folded, scale=scale or of_objective)
    state.before = state.done + state.retrained
    return state


class Lines:
    """One line for each trial that ends; for pipes and files."""

    def __init__(self, state: Watched) -> None:
        self._state = state

    def __call__(self, event: Event) -> None:
        """Take an event; say a line if a trial has ended."""
        self._state.take(event)
        if event["event"] == "problem":
            say(event["text"])
        if event["event"] == "opened" and self._state.done:
            say(f"going on: {self._state.done} of {self._state.trials} trainings were done before")
        if event["event"] == "continued":
            say(one_line([f"trial {event['trial']} goes on after epoch {event['epoch']}"]))
        if event["event"] == "final_epoch":
            say(one_line([final_line(event)]))
        if event["event"] == "random_finished":
            say(one_line([random_line(event, self._state)]))
        if event["event"] == "finished":
            record = self._state.folded.records[event["trial"]]
            if record.state != "infeasible":
                say(one_line([trial_line(record, self._state)]))

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


class Live:
    """A block drawn again in place: bar, best so far, running candidates; failures scroll above it."""

    def __init__(self, state: Watched) -> None:
        from rich.console import Console
        from rich.live import Live as Block

        self._state = state
        self._lines = block_lines(state)
        self._block = Block(
            console=Console(stderr=True), get_renderable=self._render, refresh_per_second=2, transient=True
        )

    def __call__(self, event: Event) -> None:
        """Take an event; failures get a line of their own."""
        self._state.take(event)
        self._lines = block_lines(self._state)  # here, and not in the thread that draws
        if event["event"] == "final_epoch":
            self._lines = [final_line(event)]
        if event["event"] == "random_finished":
            self._lines = [random_line(event, self._state)]
        if event["event"] == "problem":
            self._say(event["text"])
        if event["event"] == "finished" and event["record"]["state"] == "failed":
            self._say(trial_line(self._state.folded.records[event["trial"]], self._state))

    def _say(self, line: str) -> None:
        self._block.console.print(line, markup=False, highlight=False)

    def __enter__(self) -> Live:
        self._block.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the block off the screen."""
        self._block.stop()

    def _render(self) -> Any:
        from rich.text import Text

        return Text("\n".join(self._lines), no_wrap=True, overflow="ellipsis")


def display(state: Watched) -> Live | Lines:
    """The display that suits stderr."""
    return Live(state) if is_live() else Lines(state)


def block_lines(state: Watched) -> list[str]:
    """The lines of the live block: bar with time left, best so far, running candidates."""
    lines = [f"{bar(state.done / max(1, state.trials), BAR)}  {_standing(state)}{_left(state)}"]
    best = state.best
    if best is not None and best.top1 is not None:
        lines.append(f"best so far {state.scale.marked(best.top1)}, trial {best.trial}, {rounded(best.macs)} MACs")
    of = "" if state.epochs is None else f"/{state.epochs}"
    running = ", ".join(f"trial {r.trial} epoch {r.epochs}{of}" for r in state.running)
    return [*lines, f"running: {running}"] if running else lines


def trial_line(record: Record, state: Watched) -> str:
    """One line about a trial that ended, with where the study stands."""
    score = "" if record.top1 is None else f" {state.scale.marked(record.top1)}"
    why = f" ({record.reason})" if record.reason and record.state in ("failed", "reused") else ""
    name = f"trial {record.trial}"
    if record.replicate:
        name += f" (trial {record.source} again, seed {record.replicate})"
    return f"[{_standing(state)}] {name}: {record.state}{score}{why}, {rounded(record.macs)} MACs{_left(state)}"


def final_line(event: Event) -> str:
    """An epoch of the training of the base in the end."""
    took = seconds_text(event["seconds"])
    return f"training of the base: epoch {event['epoch']}/{event['epochs']}, {percent(event['top1'])}, {took}"


def random_line(event: Event, state: Watched) -> str:
    """A training of the random search that the search is set beside."""
    record = Record.from_data(event["record"])
    again = f" (again, seed {record.replicate})" if record.replicate else ""
    score = "" if record.top1 is None else f" {state.scale.marked(record.top1)}"
    return f"random search [{event['done']}/{state.trials}]: {record.state}{score}{again}, {rounded(record.macs)} MACs"


def _standing(state: Watched) -> str:
    again = f" + {state.retrained}/{state.again} again" if state.retrained and state.again else ""
    return f"{state.done}/{state.trials}{again}"


def _left(state: Watched) -> str:
    seconds = state.seconds_left()
    return "" if not seconds else f", about {seconds_text(seconds)} left"
