"""A recipe is made to measure by stated rules: batch, rate and epochs for the images, image size for the deployment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.data.by_name import load_data
from nas.training.recipe import Recipe
from nas.training.recipes import RECIPES
from nas.training.settings import trained_network
from nas.training.sizing import MIN_BATCH, for_data, search_size, sized
from search_spaces import UserError, load
from search_spaces.space.map_sizes import last_side

SGD = Recipe("mine", epochs=4, batch=128, lr=0.4, min_steps=100)


@pytest.mark.parametrize(
    ("images", "given", "batch", "rate", "epochs", "steps"),
    [
        (10_000, {}, 128, 0.4, 4, 78),  # enough steps: as it is written
        (2_000, {}, 64, 0.2, 4, 31),  # half the batch, half the rate
        (500, {}, 16, 0.05, 4, 31),
        (160, {}, 16, 0.05, 10, 10),  # no smaller batch: more epochs
        (10, {}, 16, 0.05, 100, 1),  # one step an epoch, of all images
        (160, {"epochs": 3}, 16, 0.05, 3, 10),  # what is given stands
        (160, {"batch": 32}, 32, 0.4, 20, 5),
        (160, {"batch": 32, "epochs": 1}, 32, 0.4, 1, 5),
        (160, {"share": 48}, 128, 0.4, 100, 1),  # no half of it can be shared
        (160, {"share": 32}, 32, 0.1, 20, 5),
    ],
)
def test_few_images_get_smaller_batches_then_more_epochs(images, given, batch, rate, epochs, steps):
    result = sized(SGD, images, **given)
    assert (result.batch, result.epochs, result.steps) == (batch, epochs, steps)
    assert result.recipe.lr == pytest.approx(rate)
    assert replace(result.recipe, lr=SGD.lr) == SGD


def test_images_that_a_short_training_does_not_shift_are_said():
    recipe = replace(SGD, crop=0.1, crop_from=5)
    assert str(sized(recipe, 10_000)).endswith("rate 0.4, images not shifted below 5 epochs")
    assert str(sized(recipe, 10_000, epochs=5)).endswith("rate 0.4")
    assert str(sized(replace(recipe, crop=0.0), 10_000)).endswith("rate 0.4")


@given(images=st.integers(1, 10**6), name=st.sampled_from(sorted(RECIPES)))
def test_there_are_always_enough_steps_and_no_more_epochs_than_that_takes(images, name):
    recipe = RECIPES[name]
    result = sized(recipe, images)
    assert result.steps * result.epochs >= recipe.min_steps
    assert MIN_BATCH <= result.batch <= recipe.batch
    assert result.epochs == recipe.epochs or result.steps * (result.epochs - 1) < recipe.min_steps
    assert result.epochs == recipe.epochs or result.batch == MIN_BATCH


def test_the_rate_of_adaptive_optimisers_follows_the_root_of_the_batch():
    adamw = replace(SGD, optimiser="adamw", lr=0.004)
    assert sized(adamw, 500).recipe.lr == pytest.approx(0.004 * (16 / 128) ** 0.5)


def test_what_was_decided_is_one_line():
    assert str(sized(SGD, 500)) == "recipe mine: 4 epochs of 31 steps, batch 16, rate 0.05"
    assert str(sized(SGD, 500, epochs=1)) == "recipe mine: 1 epoch of 31 steps, batch 16, rate 0.05"


@pytest.fixture(scope="module")
def digits():
    return load_data("digits")


def test_candidates_are_never_trained_above_their_deployment(digits):
    at_32 = replace(SGD, image_size=32)
    assert [search_size(at_32, side, digits) for side in (8, 32, 224)] == [8, 32, 32]
    assert search_size(SGD, 224, digits) == 224
    assert search_size(replace(SGD, min_map=4), 224, digits) == 8  # no pixels are invented


@pytest.mark.parametrize("name", ["efficientnet-b0", "resnet-50", "mobilenet-v2", "googlenet"])
@pytest.mark.parametrize("side", [16, 32, 100])
def test_first_strides_are_dropped_until_the_last_map_is_large_enough(name, side):
    network, kept = load(name), replace(SGD, min_map=4)
    trained = trained_network(network, kept, side, 10)
    assert last_side(trained) >= 4
    strides = [row.stride for row in (*trained.stem, *trained.stages)]
    before = [row.stride for row in (*network.stem, *network.stages)]
    changed = [index for index, (new, old) in enumerate(zip(strides, before, strict=True)) if new != old]
    strided = [index for index, stride in enumerate(before) if stride > 1]
    assert changed == strided[: len(changed)]
    assert all(strides[index] == 1 for index in changed)
    if changed:
        assert not keeps_maps(trained_network(network, replace(SGD, drop_strides=len(changed) - 1), side, 10))


def keeps_maps(network):
    """Whether the last map has 4×4; a network may not fit a small image at all."""
    try:
        return last_side(network) >= 4
    except UserError:
        return False


def test_at_its_own_size_a_network_is_trained_as_it_is():
    network = load("efficientnet-b0").at(32, 10)
    assert last_side(network) == 1
    assert trained_network(network, replace(SGD, min_map=4), 32, 10) == network
    assert trained_network(network, replace(SGD, min_map=4), None, 10) == network


def test_where_no_stride_is_left_the_map_stays_small():
    network = load("efficientnet-b0")
    assert last_side(trained_network(network, replace(SGD, min_map=64), 8, 10)) == 8


def test_digits_are_not_mirrored(digits):
    flipped = replace(SGD, flip=True)
    assert not for_data(flipped, digits).flip
    assert for_data(flipped, replace(digits, mirrors=True)) == flipped
    assert for_data(SGD, digits) == SGD
