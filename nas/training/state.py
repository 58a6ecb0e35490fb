"""All of a training that changes while it runs, to be stored and restored whole."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from nas.training.average import Average
from nas.training.optimisers import optimiser
from nas.training.recipe import Recipe
from nas.training.settings import Settings


class TrainingState:
    """Weights, optimiser, scores and clocks of one training.

    ``top1`` has the validation top-1 of each epoch that ended; ``step`` counts the steps made of the present epoch, and
    ``loss`` is the sum of their losses. ``seconds`` and ``cpu_seconds`` run over all sessions.
    """

    def __init__(self, module: nn.Module, recipe: Recipe, settings: Settings) -> None:
        self.module = module
        self.average = Average(module, recipe.ema)
        self.optimiser = optimiser(module, recipe)
        self.scaler = torch.amp.GradScaler(enabled=settings.dtype == "float16")
        self.step, self.loss = 0, torch.zeros((), device=settings.device)
        self.top1: list[float] = []
        self.metrics: dict[str, Any] = {}
        self.seconds = self.cpu_seconds = self.saved_at = 0.0
        self.start_clock()

    @property
    def epoch(self) -> int:
        """The present epoch, counted from 0."""
        return len(self.top1)

    def start_clock(self) -> None:
        """Time counts from now."""
        self._now = time.perf_counter(), time.process_time()

    def tick(self) -> None:
        """Add the time since the last tick."""
        wall, cpu = self._now
        self.start_clock()
        self.seconds += self._now[0] - wall
        self.cpu_seconds += self._now[1] - cpu

    def state_dict(self) -> dict[str, Any]:
        """Tensors and plain data, all that a resumed training needs."""
        return {
            "model": self.module.state_dict(),
            "average": self.average.values,
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "step": self.step,
            "loss": self.loss,
            "top1": self.top1,
            "metrics": self.metrics,
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
        }

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        """The state that :meth:`state_dict` gave, on this state's device."""
        device = self.loss.device
        self.module.load_state_dict(stored["model"])
        self.average.values = {name: value.to(device) for name, value in stored["average"].items()}
        self.optimiser.load_state_dict(stored["optimiser"])
        self.scaler.load_state_dict(stored["scaler"])
        self.step, self.loss = int(stored["step"]), stored["loss"].to(device)
        self.top1, self.metrics = list(stored["top1"]), dict(stored["metrics"])
        self.seconds, self.cpu_seconds = float(stored["seconds"]), float(stored["cpu_seconds"])
        self.saved_at = self.seconds
        self.start_clock()
