"""The moving average of the weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


class Average:
    """Exponential average of a module's weights and statistics, with a decay of min(decay, (1 + step) / (10 + step)),
    as tf.train.ExponentialMovingAverage has it; of decay 0 it is nothing."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values = {name: value.clone() for name, value in module.state_dict().items()} if decay else {}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Take in the weights after ``step``, counted from 0."""
        if not self.decay:
            return
        now = module.state_dict()
        smooth = [name for name, value in now.items() if value.is_floating_point()]
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_([self.values[name] for name in smooth], [now[name] for name in smooth], 1 - decay)
        for name in now.keys() - set(smooth):
            self.values[name].copy_(now[name])

    @contextmanager
    def in_place(self, module: nn.Module) -> Iterator[None]:
        """The module with the averaged weights; what is changed in it meanwhile (statistics) is kept here."""
        if not self.decay:
            yield
            return
        weights = {name: value.clone() for name, value in module.state_dict().items()}
        module.load_state_dict(self.values)
        try:
            yield
        finally:
            self.values = {name: value.clone() for name, value in module.state_dict().items()}
            module.load_state_dict(weights)
