"""What a person sees while a network trains: a bar with images/s and time left, and a line for each epoch. All on
stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nas.cli.output import is_live, one_line, say
from nas.cli.progress import bar
from nas.text.numbers import percent, seconds_text

if TYPE_CHECKING:
    from nas.training.training import Training

EVERY = 1.0  # seconds between drawings of the bar on a terminal
SELDOM = 60.0  # and between lines in a file
BAR = 24


@dataclass
class Shown:
    """What the steps of this process say of the training; ``live`` where stderr is a terminal."""

    epochs: int
    batch: int
    live: bool
    began: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)
    steps_seen: int = 0

    def step(self, epoch: int, step: int, steps: int) -> None:
        """A step of the ``steps`` of an epoch, counted from 1, is done."""
        self.steps_seen += 1
        now = time.monotonic()
        if now - self.said < (EVERY if self.live else SELDOM):
            return
        self.said = now
        per_step = (now - self.began) / self.steps_seen
        left = (self.epochs - epoch + 1) * steps - step
        drawn = f"{bar(step / steps, BAR)} " if self.live else ""
        standing = f"epoch {epoch}/{self.epochs} {drawn}step {step}/{steps}"
        rest = f"about {seconds_text(left * per_step)} left"
        line = one_line([standing, rest, f"{self.batch / per_step:,.0f} images/s"])
        if self.live:
            print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)
        else:
            say(line)

    def epoch(self, epoch: int, metrics: dict[str, Any]) -> None:
        """An epoch is done."""
        self.clear()
        top5 = [] if metrics.get("top5") is None else [f"top-5 {percent(metrics['top5'])}"]
        parts = [
            f"epoch {epoch}/{self.epochs}: top-1 {percent(metrics['top1'], 2)}",
            *top5,
            f"loss {metrics['loss']:.4f} (validation {metrics['val_loss']:.4f})",
            seconds_text(metrics["seconds"]),
            f"rate {metrics['lr']:.3g}",
            f"{metrics['images_per_second']:,.0f} images/s",
        ]
        say(one_line(parts))

    def clear(self) -> None:
        if self.live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextmanager
def epochs_shown(training: Training) -> Iterator[Shown]:
    """A display of a training's steps and epochs."""
    shown = Shown(training.settings.epochs, training.settings.batch_of(len(training.data.train)), is_live())
    try:
        yield shown
    finally:
        shown.clear()
