"""The loop: exact resume, pruning, failure, and a test split that nobody reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from nas.training.loop import TrainingFailed, train
from nas.training.settings import settings_for


class Killed(Exception):
    """Raised by a report in the place of a signal."""


def stored(path):
    return torch.load(path, weights_only=True)


def flat(state, path=()):
    """The tensors of a nested state by their paths."""
    if isinstance(state, torch.Tensor):
        return {path: state}
    inner = state.items() if isinstance(state, dict) else enumerate(state) if isinstance(state, list) else ()
    return {name: value for at, each in inner for name, value in flat(each, (*path, at)).items()}


def run(network, data, recipe, **rest):
    return train(network, data, recipe, settings=settings_for(recipe, "cpu"), **rest)


def killed_after(epoch):
    def report(number, metrics):
        if number == epoch:
            raise Killed
        return True

    return report


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_a_killed_training_ends_as_an_unbroken_one(network, noisy, quick, tmp_path, optimiser):
    recipe = replace(quick, optimiser=optimiser)
    whole = run(network, noisy, recipe, seed=3, checkpoint=tmp_path / "whole")
    for epoch in (1, 2):
        with pytest.raises(Killed):
            run(network, noisy, recipe, seed=3, checkpoint=tmp_path / "cut", report=killed_after(epoch))
    cut = run(network, noisy, recipe, seed=3, checkpoint=tmp_path / "cut")
    assert cut.top1_by_epoch == whole.top1_by_epoch
    one, other = stored(tmp_path / "whole"), stored(tmp_path / "cut")
    assert one["metrics"] == other["metrics"]
    for part in ("model", "average", "optimiser"):
        one[part], other[part] = flat(one[part]), flat(other[part])
        assert one[part].keys() == other[part].keys()
        assert all(torch.equal(one[part][name], other[part][name]) for name in one[part])


def test_a_short_training_shifts_no_images_and_one_that_is_long_enough_does(network, noisy, quick):
    def losses(**values):
        heard = []
        run(
            network,
            noisy,
            replace(quick, **values),
            report=lambda epoch, metrics: heard.append(metrics["loss"]) or True,
        )
        return heard

    still, shifted = losses(), losses(crop=0.3)
    assert still != shifted
    assert losses(crop=0.3, crop_from=quick.epochs + 1) == still
    assert losses(crop=0.3, crop_from=quick.epochs) == shifted


def test_another_seed_is_another_training(network, noisy, quick, tmp_path):
    for seed in (0, 1):
        run(network, noisy, quick, seed=seed, checkpoint=tmp_path / str(seed))
    first, second = (stored(tmp_path / name)["model"] for name in ("0", "1"))
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_a_refused_epoch_ends_it_as_pruned(network, noisy, quick):
    seen = []
    result = run(network, noisy, quick, report=lambda epoch, metrics: seen.append(epoch) or epoch < 2)
    assert (result.pruned, result.epochs, seen) == (True, 2, [1, 2])
    assert result.top1 == result.top1_by_epoch[-1]


def test_a_loss_that_is_no_number_fails_with_the_epoch(network, noisy, quick):
    with pytest.raises(TrainingFailed, match="in epoch 1"):
        run(network, noisy, replace(quick, optimiser="sgd", lr=1e30, warm_up=0.01, clip=0.0))


def test_the_test_split_is_not_read(network, noisy, quick):
    broken = replace(noisy, test=None)
    object.__setattr__(broken, "digest", noisy.digest)
    assert run(network, broken, quick).top1_by_epoch == run(network, noisy, quick).top1_by_epoch
