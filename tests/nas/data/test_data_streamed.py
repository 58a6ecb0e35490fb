"""Folders too large for memory: the same images, read from their files one by one."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from random_images import drawn

from nas.data.by_name import load_data
from nas.data.folder import Limits, folder
from nas.data.splits import StreamedSplit, spread
from nas.training.reference import reference
from search_spaces import UserError

SMALL = Limits(decoded_bytes=1000)


@pytest.fixture
def photos(tmp_path):
    return drawn(tmp_path / "photos")


@pytest.fixture
def pair(photos):
    """The same folder in memory, and streamed."""
    kept = load_data(f"folder:{photos}")
    return kept, folder(photos, limits=SMALL)


def test_a_streamed_set_has_the_same_images_labels_and_facts(pair):
    kept, streamed = pair
    assert (kept.streamed, streamed.streamed) == (False, True)
    assert (streamed.channels, streamed.image_size, streamed.classes) == (3, 8, kept.classes)
    for name in ("train", "val", "test"):
        one, other = getattr(kept, name), getattr(streamed, name)
        assert len(one) == len(other)
        assert np.array_equal(one.labels, other.labels)
        assert other.labels.dtype == np.int64
        assert all(np.array_equal(one.read(index), other.read(index)) for index in range(len(one)))


def test_samples_are_evenly_spaced_and_alike(pair):
    for split in (pair[0].train, pair[1].train):
        sample = split.sample(5)
        assert (sample.shape, sample.dtype) == ((5, 3, 8, 8), np.uint8)
        assert np.array_equal(sample[3], split.read(int(spread(len(split), 5)[3])))
        assert len(split.sample(99)) == len(split)
    assert np.array_equal(pair[0].train.sample(5), pair[1].train.sample(5))


def test_spread_reaches_from_first_to_last():
    assert spread(100, 3).tolist() == [0, 50, 99]
    assert spread(3, 10).tolist() == [0, 1, 2]


def test_the_digest_is_of_names_sizes_and_labels(photos):
    first, other = folder(photos, limits=SMALL), folder(photos, 1, SMALL)
    assert first.digest.startswith("f1-")
    assert first.digest == folder(photos, limits=SMALL).digest != other.digest
    moved = folder(photos.rename(photos.parent / "moved"), limits=SMALL)
    assert moved.digest == first.digest
    with (photos.parent / "moved" / "cat" / "1.png").open("ab") as file:
        file.write(b"more")
    assert folder(photos.parent / "moved", limits=SMALL).digest != first.digest


def test_a_split_is_cheap_to_hand_to_a_worker(photos):
    split = folder(photos, limits=SMALL).train
    handed = pickle.dumps(split)
    assert len(handed) < 3000
    assert np.array_equal(pickle.loads(handed).read(2), split.read(2))


def test_a_corrupt_file_is_named_when_it_is_read(photos):
    split = folder(photos, limits=SMALL).train
    path = split.files.path(3)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(UserError, match=path.name):
        split.read(3)


def test_large_images_are_made_smaller_before_they_are_streamed(photos):
    data = folder(photos, limits=Limits(decoded_bytes=2000, side=4))
    assert (data.streamed, data.image_size) == (False, 4)
    data = folder(photos, limits=Limits(decoded_bytes=1000, side=4))
    assert (data.streamed, data.image_size) == (True, 4)
    assert isinstance(data.val, StreamedSplit)
    assert any("4 px" in note for note in data.notes)


def test_headers_of_a_sample_are_looked_at(photos):
    data = folder(photos, limits=Limits(decoded_bytes=1000, headers=5))
    assert any("a sample of 5" in note for note in data.notes)


def test_logistic_regression_is_the_same(pair):
    assert reference(pair[0]) == reference(pair[1])


def test_logistic_regression_averages_large_images(tmp_path):
    data = folder(drawn(tmp_path / "large", size=(70, 65)), limits=SMALL)
    assert reference(data).images == len(data.val)
