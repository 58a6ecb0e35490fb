"""A training that is killed at any step ends as one left alone, bit for bit, by every recipe."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch

from nas.training import loop
from nas.training.recipes import RECIPES
from nas.training.settings import settings_for


class Killed(Exception):
    """Raised after a step in the place of a signal."""


def tensors(state, path=()):
    """The tensors and numbers of a nested state by their paths, but for times."""
    if isinstance(state, dict | list):
        inner = state.items() if isinstance(state, dict) else enumerate(state)
        return {at: each for name, value in inner for at, each in tensors(value, (*path, str(name))).items()}
    return {} if path[-1] in ("seconds", "cpu_seconds") else {path: state}


def ended(path):
    state = torch.load(path, weights_only=True)
    return tensors(
        {name: state[name] for name in ("model", "average", "optimiser", "scaler", "step", "top1", "metrics")}
    )


def same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]) if isinstance(value, torch.Tensor) else value == other[name], name


@pytest.mark.parametrize("name", sorted(RECIPES))
@pytest.mark.parametrize("accumulate", [1, 2])
def test_killed_at_random_steps(network, noisy, tmp_path, name, accumulate):
    recipe = replace(RECIPES[name], batch=12, dropout=0.2, drop_path=0.2)
    settings = settings_for(recipe, "cpu", epochs=2, image_size=8, accumulate=accumulate)

    def run(path, **hooks):
        hooks = {"checkpoint": tmp_path / path, "check_every": 1, **hooks}
        loop.train(network, noisy, recipe, settings=settings, seed=4, order=5, **hooks)
        return ended(tmp_path / path)

    def killer(after):
        def watch(epoch, step, steps):
            nonlocal after
            after -= 1
            if after == 0:
                raise Killed

        return watch

    whole = run("whole")
    every_step = {"save_every": 0.0}  # a checkpoint after every step
    rng = random.Random(name)
    for _ in range(2):
        with pytest.raises(Killed):
            run("cut", watch=killer(rng.randint(1, 4)), **every_step)
    same(run("cut", **every_step), whole)


def test_a_checkpoint_within_an_epoch_is_used(network, noisy, quick, tmp_path):
    settings = settings_for(quick, "cpu")
    seen = []

    def watch(epoch, step, steps):
        seen.append((epoch, step))
        if seen.count((2, 2)) == 1 and seen[-1] == (2, 2):
            raise Killed

    hooks = {"checkpoint": tmp_path / "c", "watch": watch, "check_every": 1, "save_every": 0.0}
    with pytest.raises(Killed):
        loop.train(network, noisy, quick, settings=settings, **hooks)
    loop.train(network, noisy, quick, settings=settings, **hooks)
    first, third = ([(epoch, step) for step in (1, 2, 3)] for epoch in (1, 3))
    assert seen == [*first, (2, 1), (2, 2), (2, 2), (2, 3), *third]
