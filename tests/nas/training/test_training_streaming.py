"""A set that is too large for memory trains as one that fits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from split_batches import batches

from nas.data.by_name import load_data
from nas.data.folder import Limits, folder
from nas.training import preparation
from nas.training.loop import train
from nas.training.settings import settings_for
from search_spaces import UserError


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        for index in range(20):
            Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(tmp_path / name / f"{index}.png")
    return tmp_path


@pytest.fixture
def both(photos):
    memory = load_data(f"folder:{photos}")
    streamed = folder(photos, limits=Limits(decoded_bytes=1000))
    assert streamed.streamed
    assert not memory.streamed
    return memory, streamed


def test_streamed_batches_are_those_in_memory(both):
    memory, streamed = (batches(data.train, data, 8, 3, "cpu") for data in both)
    for (x, labels), (other, theirs) in zip(memory.evaluation(7), streamed.evaluation(7), strict=True):
        assert torch.equal(x, other)
        assert torch.equal(labels, theirs)


def test_training_is_the_same(both, network, quick):
    curves = []
    for data in both:
        seen = []
        report = lambda epoch, metrics, seen=seen: seen.append((metrics["loss"], metrics["top1"])) or True  # noqa: E731
        train(network, data, quick, settings=settings_for(quick, "cpu"), report=report)
        curves.append(seen)
    assert curves[0] == curves[1]


def test_an_image_that_cannot_be_read_is_named_by_its_file(both, photos, network, quick):
    for file in (photos / "b").iterdir():
        file.write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"b/\d+\.png"):
        train(network, both[1], quick, settings=settings_for(quick, "cpu"))


def test_as_many_are_decoded_at_once_as_fit_at_the_size_they_are_stored_at(both, quick, monkeypatch):
    monkeypatch.setattr(preparation, "MAX_VALUES", 8 * 3 * 8**2)
    counts = []
    for data in both:
        images = batches(data.train, data, 4, 3, "cpu")
        parts = torch.arange(32).split(4)
        chunks, images_of = [], type(images).chunks
        monkeypatch.setattr(
            type(images), "chunks", lambda self, at, c=chunks, of=images_of: c.extend(at) or of(self, at)
        )
        list(preparation.prepared(images, parts, quick, 0, 0))
        monkeypatch.setattr(type(images), "chunks", images_of)
        counts.append({len(chunk) for chunk in chunks})
    assert counts == [{32}, {8}]
