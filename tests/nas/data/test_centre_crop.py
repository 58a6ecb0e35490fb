"""A centre crop is the library's own, pixel for pixel."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from torchvision.models import get_model_weights

from nas.data.centre_crop import CentreCrop
from nas.data.images import read_image
from search_spaces import UserError


@pytest.fixture(params=[(500, 375), (375, 501), (97, 230), (30, 30)], ids=str)
def photo(request, tmp_path):
    """A file of smooth random colours, and the image."""
    width, height = request.param
    coarse = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    image.save(tmp_path / "photo.png")
    return tmp_path / "photo.png", image


def normalised(pixels, mean, deviation):
    return (pixels / 255 - np.array(mean)[:, None, None]) / np.array(deviation)[:, None, None]


@pytest.mark.parametrize("model", ["resnet18", "resnet50", "efficientnet_b0", "inception_v3"])
def test_as_torchvision_prepares_images(photo, model):
    path, image = photo
    theirs = get_model_weights(model).DEFAULT.transforms()
    crop = CentreCrop(theirs.resize_size[0], theirs.crop_size[0], theirs.interpolation.value)
    ours = normalised(read_image(path, crop, 3), theirs.mean, theirs.std)
    np.testing.assert_allclose(ours, theirs(image).numpy(), atol=1e-5)


@pytest.mark.parametrize("mode", ["center", "squash"])
def test_as_timm_prepares_images(photo, mode):
    timm = pytest.importorskip("timm")
    path, image = photo
    theirs = timm.data.create_transform((3, 64, 64), crop_pct=0.9, crop_mode=mode, interpolation="bicubic")
    ours = read_image(path, CentreCrop(71, 64, "bicubic", squash=mode == "squash"), 3)
    expected = theirs(image).numpy()
    mean, deviation = timm.data.IMAGENET_DEFAULT_MEAN, timm.data.IMAGENET_DEFAULT_STD
    np.testing.assert_allclose(normalised(ours, mean, deviation), expected, atol=1e-5)


def test_grey_images_have_one_channel(photo):
    assert read_image(photo[0], CentreCrop(20, 16), 1).shape == (1, 16, 16)


def test_another_side_sees_the_same_part():
    assert CentreCrop(256, 224, "bicubic").scaled(0.5) == CentreCrop(128, 112, "bicubic")
    assert CentreCrop(256, 224).scaled(1e-9) == CentreCrop(1, 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"crop": 0}, "crop: must be an integer of at least 1"),
        ({"resize": 1.5}, "resize: must be an integer"),
        ({"resize": 100}, "resize: must be at least the crop, 224, got 100"),
        ({"interpolation": "cubic"}, "interpolation: must be one of bilinear, bicubic, got 'cubic'"),
        ({"squash": 1}, "squash: must be true or false, got 1"),
    ],
)
def test_what_is_no_crop_is_refused(values, message):
    with pytest.raises(UserError, match=message):
        CentreCrop(**{"resize": 256, "crop": 224, **values})
