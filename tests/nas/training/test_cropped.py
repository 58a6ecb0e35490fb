"""Evaluation of a centre crop: of files exactly the library's pixels, of images in memory those of the same squares."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms._presets import ImageClassification

from nas.data.centre_crop import CentreCrop
from nas.data.folder import Limits, folder
from nas.training.batches import normalised
from nas.training.cropped import cropped

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PIXELS = tuple(tuple(255 * value for value in values) for values in (MEAN, DEVIATION))
CROP = CentreCrop(40, 32, "bilinear")


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for index in range(5):
            coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
            coarse.resize((60, 48), Image.Resampling.BICUBIC).save(tmp_path / name / f"{index}.png")
    return tmp_path


def library_pixels(image):
    return ImageClassification(crop_size=32, resize_size=40, mean=MEAN, std=DEVIATION)(image)


def test_images_that_are_read_from_files_are_the_librarys(photos):
    data = folder(photos, limits=Limits(decoded_bytes=1000))
    [(x, _)] = cropped(data.train, CROP, PIXELS, 32, 3, "cpu").evaluation(100)
    with_files = zip(x, data.train.files.paths(), strict=True)
    for ours, path in with_files:
        with Image.open(path) as image:
            torch.testing.assert_close(ours, library_pixels(image), rtol=0, atol=1e-5)


def test_images_in_memory_are_cropped_from_their_squares(photos):
    data = folder(photos)
    batches = cropped(data.train, CROP, PIXELS, 32, 3, "cpu")
    [(x, labels)] = batches.evaluation(100)
    assert labels.tolist() == data.train.labels.tolist()
    for ours, square in zip(x, data.train.images, strict=True):
        expected = library_pixels(Image.fromarray(square.transpose(1, 2, 0)))
        torch.testing.assert_close(ours, expected, rtol=0, atol=1.01 / 255 / min(DEVIATION))  # one step of rounding


def test_a_crop_of_all_is_what_there_was_before(photos):
    data = folder(photos)
    side = data.image_size
    [(x, _)] = cropped(data.val, CentreCrop(side, side), PIXELS, 20, 3, "cpu").evaluation(100)
    [(expected, _)] = normalised(data.val, PIXELS, 20, 3, "cpu").evaluation(100)
    assert torch.equal(x, expected)
