"""The digits: splits that are stratified, disjoint and drawn from the seed alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nas.data.by_name import load_data
from nas.data.dataset import split_by_class
from nas.data.splits import Split
from search_spaces import UserError


def test_the_splits_hold_each_image_once():
    labels = np.repeat(np.arange(4), [10, 20, 7, 3])
    parts = split_by_class(labels, seed=3)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))


def test_the_splits_keep_the_balance_of_classes():
    data = load_data("digits")
    sizes = [len(part) for part in (data.train, data.val, data.test)]
    assert sum(sizes) == 1797
    whole = sum(np.bincount(part.labels, minlength=10) for part in (data.train, data.val, data.test))
    for part, share in ((data.train, 0.6), (data.val, 0.2), (data.test, 0.2)):
        assert np.abs(np.bincount(part.labels, minlength=10) - share * whole).max() <= 1


def test_the_seed_alone_makes_splits_and_digest():
    first, again, other = load_data("digits", 1), load_data("digits", 1), load_data("digits", 2)
    assert first.digest == again.digest != other.digest
    assert np.array_equal(first.val.images, again.val.images)


def test_one_pixel_or_label_changes_the_digest():
    data = load_data("digits")
    images = data.test.images.copy()
    images[0, 0, 0, 0] ^= 1
    labels = data.test.labels.copy()
    labels[0] = (labels[0] + 1) % 10
    for test in (Split(images, data.test.labels), Split(data.test.images, labels)):
        assert replace(data, test=test).digest != data.digest


def test_pixels_are_grey_bytes_over_the_whole_range():
    images = load_data("digits").train.images
    assert (images.dtype, images.shape[1:]) == (np.uint8, (1, 8, 8))
    assert (images.min(), images.max()) == (0, 255)


@pytest.mark.parametrize("spec", ["", "digit", "folder:", "folder", "mnist3d", "npz:"])
def test_another_spec_is_refused_with_the_forms(spec):
    with pytest.raises(UserError, match=r"digits, fashion-mnist, .*, folder:PATH or npz:FILE"):
        load_data(spec)


@pytest.mark.parametrize(
    ("spec", "meant"),
    [("cifar-10", "cifar10"), ("Digits", "digits"), ("photos", "folder:photos"), ("a.npz", "npz:a.npz")],
)
def test_a_near_miss_is_named(spec, meant, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "a.npz").touch()
    with pytest.raises(UserError, match=f"did you mean '{meant}'"):
        load_data(spec)


def test_digests_are_those_of_the_first_release():
    assert load_data("digits", 0).digest == "d1-286f6b4a823e2b11e4d4b4cf9eb3b2f4"
    assert load_data("digits", 5).digest == "d1-c03752af85ca886eaaeb87fda35447d8"


def test_channels_are_last_in_memory():
    assert load_data("digits").train.images.transpose(0, 2, 3, 1).flags.c_contiguous
