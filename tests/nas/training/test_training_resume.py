"""A training that is killed at any step ends as one left alone, bit for bit, by every recipe."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch

from nas.training import RECIPES, loop
from nas.training.settings import settings


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
    return tensors({name: state[name] for name in ("model", "average", "optimiser", "scaler", "step", "top1", "told")})


def same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]) if isinstance(value, torch.Tensor) else value == other[name], name


@pytest.mark.parametrize("name", sorted(RECIPES))
@pytest.mark.parametrize("accumulate", [1, 2])
def test_killed_at_random_steps(small, made_up, tmp_path, monkeypatch, name, accumulate):
    monkeypatch.setattr(loop, "LOOK_EVERY", 1)
    recipe = replace(RECIPES[name], batch=12, dropout=0.2, drop_path=0.2)
    fixed = settings(recipe, "cpu", epochs=2, image_size=8, accumulate=accumulate)

    def run(path, watch=None):
        loop.train(small, made_up, recipe, fixed=fixed, seed=4, order=5, checkpoint=tmp_path / path, watch=watch)
        return ended(tmp_path / path)

    def killer(after):
        def watch(step, steps):
            nonlocal after
            after -= 1
            if after == 0:
                raise Killed

        return watch

    whole = run("whole")
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)  # a checkpoint after every step
    rng = random.Random(name)
    for _ in range(2):
        with pytest.raises(Killed):
            run("cut", killer(rng.randint(1, 4)))
    same(run("cut"), whole)


def test_a_checkpoint_within_an_epoch_is_used(small, made_up, quick, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "LOOK_EVERY", 1)
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    fixed = settings(quick, "cpu")
    seen = []

    def watch(step, steps):
        seen.append(step)
        if seen == [1, 2]:
            raise Killed

    with pytest.raises(Killed):
        loop.train(small, made_up, quick, fixed=fixed, checkpoint=tmp_path / "c", watch=watch)
    loop.train(small, made_up, quick, fixed=fixed, checkpoint=tmp_path / "c", watch=watch)
    assert seen == [1, 2, 2, 3, 1, 2, 3, 1, 2, 3]
