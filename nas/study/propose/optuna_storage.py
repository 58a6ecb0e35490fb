"""Trials that Optuna's samplers are shown as they are, neither copied nor kept."""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import cached_property
from typing import Any

import optuna
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState


class ShownTrial(FrozenTrial):
    """A trial that does not change: its constraints are read out of its attributes once, not for each proposal."""

    @cached_property
    def constraints(self) -> dict[str, float]:
        return super().constraints


class Shown(InMemoryStorage):
    """A storage of one study, whose trials are given whole for each proposal; what a sampler notes down of a trial that
    it proposes is forgotten."""

    def __init__(self, trials: Sequence[FrozenTrial], objectives: int) -> None:
        super().__init__()
        self._shown = trials
        self._objectives = objectives

    def study(self, sampler: optuna.samplers.BaseSampler) -> optuna.Study:
        """A study of these trials, whose numbers are all to be maximised."""
        return optuna.create_study(storage=self, directions=["maximize"] * self._objectives, sampler=sampler)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """The trials in these states, in order."""
        return [trial for trial in self._shown if states is None or trial.state in states]

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Forget it."""
