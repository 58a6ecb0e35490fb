"""Batches: layout, channels, sizes, and augmentation with one draw per image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from split_batches import batches

from nas.data.splits import Split
from nas.training.augment.mixing import mixed
from nas.training.draws import Draws, epoch_order
from nas.training.recipes import RECIPES

STILL = {
    "flip": False,
    "crop": 0.0,
    "shift": 0.0,
    "scale": 0.0,
    "rotate": 0.0,
    "resized_crop": 0.0,
    "policy": "none",
    "colour": 0.0,
    "erase": 0.0,
}
SINGLE = [
    {"flip": True},
    {"crop": 0.25},
    {"shift": 0.2},
    {"scale": 0.2},
    {"rotate": 20.0},
    {"resized_crop": 0.3},
    {"colour": 0.4},
    {"erase": 0.5},
    {"policy": "randaugment", "operations": 2},
    {"policy": "autoaugment"},
]


@pytest.fixture
def colour(noisy):
    """64 equal colour images of 16 px."""
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (1, 3, 16, 16), dtype=np.uint8)
    return replace(noisy, train=Split(np.repeat(image, 64, axis=0), np.arange(64) % 3))


def augmented(own, index, recipe, seed=0, epoch=0):
    [chunk] = own.chunks([index])
    return own.augmented(chunk, Draws(seed, epoch, index), recipe)


def plain(own, index):
    return own.plain(next(own.chunks([index])))


@pytest.mark.parametrize(
    "single", SINGLE, ids=lambda each: next(iter(each.values())) if "policy" in each else next(iter(each))
)
def test_equal_images_of_one_batch_come_out_different(colour, quick, single):
    own = batches(colour.train, colour, 16, 3, "cpu")
    out = augmented(own, torch.arange(64), replace(quick, **STILL | single))
    distinct = len({tuple(each.flatten().tolist()) for each in out})
    assert distinct == 2 if "flip" in single else distinct > 20


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_an_image_has_its_draws_in_whatever_batch(colour, name):
    own = batches(colour.train, colour, 16, 3, "cpu")
    whole = augmented(own, torch.arange(64), RECIPES[name], seed=5, epoch=2)
    some = augmented(own, torch.tensor([7, 3, 41]), RECIPES[name], seed=5, epoch=2)
    assert torch.allclose(some, whole[[7, 3, 41]], atol=1e-4)


def test_draws_follow_seed_epoch_index_and_purpose_and_are_uniform():
    index = torch.arange(20_000)
    base = Draws(1, 2, index).uniform("flip")
    assert torch.equal(base, Draws(1, 2, index).uniform("flip"))
    assert torch.equal(base[100:200], Draws(1, 2, index[100:200]).uniform("flip"))
    assert stats.kstest(base.numpy(), "uniform").pvalue > 1e-4
    for other in (Draws(1, 3, index), Draws(2, 2, index), Draws(1, 2, index + 20_000)):
        assert abs(np.corrcoef(base, other.uniform("flip"))[0, 1]) < 0.03
    assert abs(np.corrcoef(base, Draws(1, 2, index).uniform("crop x"))[0, 1]) < 0.03
    assert abs(np.corrcoef(base[1:], base[:-1])[0, 1]) < 0.03


def test_the_order_follows_seed_and_epoch():
    assert torch.equal(epoch_order(100, 1, 2), epoch_order(100, 1, 2))
    assert not torch.equal(epoch_order(100, 1, 2), epoch_order(100, 1, 3))
    assert not torch.equal(epoch_order(100, 1, 2), epoch_order(100, 2, 2))


def test_no_augmentation_changes_nothing(noisy, quick):
    own = batches(noisy.train, noisy, 8, 3, "cpu")
    everything = torch.arange(48)
    assert torch.equal(augmented(own, everything, replace(quick, **STILL)), plain(own, everything))


def test_flips_and_crops_are_pixels_of_the_image(colour, quick):
    own = batches(colour.train, colour, 16, 3, "cpu")
    image = plain(own, torch.arange(1))[0]
    padded = torch.nn.functional.pad(image, (4, 4, 4, 4), mode="reflect")
    windows = {
        tuple(each[:, y : y + 16, x : x + 16].flatten().tolist())
        for each in (padded, padded.flip(2))
        for y in range(9)
        for x in range(9)
    }
    out = augmented(own, torch.arange(64), replace(quick, **STILL | {"flip": True, "crop": 0.25}))
    assert all(tuple(each.flatten().tolist()) in windows for each in out)


def test_colour_becomes_grey_by_luminance_and_grey_is_repeated(noisy):
    images = np.zeros((2, 3, 4, 4), dtype=np.uint8)
    images[0, 0], images[1, 1] = 100, 200
    own = batches(split := Split(images, np.zeros(2, dtype=np.int64)), replace(noisy, train=split), 4, 1, "cpu")
    grey = plain(own, torch.arange(2)) * own.deviation + own.mean
    assert grey.shape == (2, 1, 4, 4)
    assert grey[:, 0, 0, 0].tolist() == pytest.approx([29.9, 117.4], rel=1e-4)
    repeated = plain(batches(noisy.train, noisy, 8, 3, "cpu"), torch.arange(2))
    assert repeated.shape == (2, 3, 8, 8)
    assert torch.equal(repeated[:, 0], repeated[:, 2])


@pytest.mark.parametrize("side", [8, 24])
def test_batches_are_channels_last_at_the_networks_size(colour, side):
    x = plain(batches(colour.train, colour, side, 3, "cpu"), torch.arange(4))
    assert x.shape == (4, 3, side, side)
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert x.mean().item() == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("way", ["mixup", "cutmix"])
def test_mixing_keeps_the_sum_of_both_labels_shares(quick, way):
    x = torch.arange(9.0).view(9, 1, 1, 1).expand(9, 1, 16, 16)
    own = mixed(x, torch.arange(9), Draws(0, 0, torch.arange(9)), replace(quick, **{"mix": 1.0, way: 0.5}))
    expected = own.share * own.labels + (1 - own.share) * own.other
    assert own.x.mean((1, 2, 3)).tolist() == pytest.approx(expected.tolist(), rel=1e-4)
    assert own.other.tolist() == [1, 0, 3, 2, 5, 4, 7, 6, 8]
    assert len(set(own.share.tolist())) > 5


def test_a_share_of_the_images_is_mixed(quick):
    x, index = torch.randn(4000, 1, 2, 2), torch.arange(4000)
    own = mixed(x, index, Draws(0, 0, index), replace(quick, mix=0.25, mixup=1.0, cutmix=1.0))
    assert (own.share < 1).float().mean().item() == pytest.approx(0.25, abs=0.06)


def test_each_image_is_mixed_with_its_neighbour_as_that_was(quick):
    """Also where one of the two is mixed by mixup and the other by cutmix."""
    x, index = torch.arange(64.0).view(64, 1, 1, 1).repeat(1, 1, 8, 8), torch.arange(64)
    mix = mixed(x, index, Draws(0, 0, index), replace(quick, mix=1.0, mixup=0.5, cutmix=0.5))
    expected = mix.share * index + (1 - mix.share) * (index ^ 1)
    assert mix.x.mean((1, 2, 3)).tolist() == pytest.approx(expected.tolist(), rel=1e-4)
