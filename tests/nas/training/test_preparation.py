"""Images of several steps prepared at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from split_batches import batches

from nas.training import preparation
from nas.training.draws import epoch_order
from nas.training.preparation import prepared
from nas.training.recipes import RECIPES

RECIPE = replace(RECIPES["modern"], operations=2, magnitude=9, mix=1.0, erase=0.3)


@pytest.fixture
def images(noisy):
    return batches(noisy.train, noisy, noisy.image_size, 3)


def parts_of(images, size):
    order = epoch_order(len(images), 0, 0)
    return list(order[: len(order) // size * size].split(size))


@pytest.mark.parametrize("size", [2, 6, 7])
def test_together_is_as_one_part_after_the_other(images, size, monkeypatch):
    parts = parts_of(images, size)
    together = list(prepared(images, parts, RECIPE, 3, 1))
    monkeypatch.setattr(preparation, "AT_ONCE", 1)
    apart = list(prepared(images, parts, RECIPE, 3, 1))
    assert len(together) == len(apart) == len(parts)
    for one, other in zip(together, apart, strict=True):
        torch.testing.assert_close(one.x, other.x)
        assert torch.equal(one.labels, other.labels)
        assert torch.equal(one.other, other.other)
        assert torch.equal(one.share, other.share)


@pytest.mark.parametrize("start", [1, 5, 9])
def test_a_resumed_epoch_sees_the_same_numbers(images, start, monkeypatch):
    monkeypatch.setattr(preparation, "AT_ONCE", 16)
    parts = parts_of(images, 4)
    whole = [part.x for part in prepared(images, parts, RECIPE, 3, 1)][start:]
    rest = [part.x for part in prepared(images, parts, RECIPE, 3, 1, start)]
    assert len(rest) == len(whole) > 0
    assert all(torch.equal(one, other) for one, other in zip(whole, rest, strict=True))


def test_without_mixing_there_is_no_share(images):
    part = next(prepared(images, parts_of(images, 8), RECIPES["fast"], 0, 0))
    assert part.share is None
    assert part.x.is_contiguous(memory_format=torch.channels_last)
