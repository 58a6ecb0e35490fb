"""Augmentation: one draw per image, from seed and epoch alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from nas.data import Split
from nas.training.batches import batches, epoch_draws


def test_equal_images_of_one_batch_come_out_different(made_up, quick):
    same = Split(np.repeat(made_up.train.images[:1], 8, axis=0), np.zeros(8, dtype=np.int64))
    own = batches(same, made_up, 8, 3, "cpu")
    _, draws = epoch_draws(8, 0, 0)
    out = own.augmented(torch.arange(8), draws, replace(quick, erase=0.0))
    assert len({tuple(each.flatten().tolist()) for each in out}) == 8


def test_an_image_has_its_draw_in_whatever_batch(made_up, quick):
    own = batches(made_up.train, made_up, 8, 3, "cpu")
    _, draws = epoch_draws(48, 5, 2)
    whole = own.augmented(torch.arange(48), draws, quick)
    assert torch.equal(own.augmented(torch.tensor([7, 3]), draws, quick), whole[[7, 3]])


def test_order_and_draws_follow_seed_and_epoch():
    first, again = epoch_draws(100, 1, 2), epoch_draws(100, 1, 2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    for other in (epoch_draws(100, 1, 3), epoch_draws(100, 2, 2)):
        assert not torch.equal(first[0], other[0])
        assert not torch.equal(first[1], other[1])


def test_no_augmentation_changes_nothing(made_up, quick):
    own = batches(made_up.train, made_up, 8, 3, "cpu")
    still = replace(quick, shift=0.0, scale=0.0, rotate=0.0, erase=0.0)
    _, draws = epoch_draws(48, 0, 0)
    assert torch.equal(own.augmented(torch.arange(48), draws, still), own.plain(torch.arange(48)))


def test_colour_becomes_grey_by_luminance(made_up):
    images = np.zeros((2, 3, 4, 4), dtype=np.uint8)
    images[0, 0], images[1, 1] = 100, 200
    colour = Split(images, np.zeros(2, dtype=np.int64))
    own = batches(colour, replace(made_up, train=colour), 4, 1, "cpu")
    grey = own.plain(torch.arange(2)) * own.deviation + own.mean
    assert grey.shape == (2, 1, 4, 4)
    assert grey[:, 0, 0, 0].tolist() == pytest.approx([29.9, 117.4], rel=1e-4)
