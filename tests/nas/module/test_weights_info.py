"""What a user says of weights beside them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import get_model_weights, mobilenet_v2, resnet18

from nas import load_network
from nas.data.centre_crop import CentreCrop
from nas.module.weights_info import weights_info
from search_spaces import UserError, load, save

IMAGENET = "mean: [0.485, 0.456, 0.406]\ndeviation: [0.229, 0.224, 0.225]\n"
CLASSES = "classes: [cat, dog, emu]\n"


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    torch.save(mobilenet_v2(num_classes=3).state_dict(), tmp_path / "mine.pth")
    return tmp_path / "mine.pth"


def say(weights, text):
    weights.with_suffix(".yaml").write_text(text)
    return weights


def test_weights_alone_say_nothing(weights):
    assert weights_info(weights) is None
    assert load_network("mobilenet-v2", weights, classes=3).trained is None


def test_what_is_said_is_what_was_trained(weights):
    network = load_network("mobilenet-v2", say(weights, CLASSES + IMAGENET + "resize: 72\ncrop: 64\n"))
    trained = network.trained
    assert trained.classes == ("cat", "dog", "emu")
    assert trained.mean == pytest.approx((123.675, 116.28, 103.53))
    assert trained.deviation == pytest.approx((58.395, 57.12, 57.375))
    assert trained.centre_crop == CentreCrop(72, 64)
    assert network.image_size == trained.image_size == 64
    assert trained.network() == network.architecture == load("mobilenet-v2").at(64, 3)


@pytest.mark.parametrize(
    ("text", "size", "crop"),
    [
        ("", 224, CentreCrop(224, 224)),
        ("resize: 256", 224, CentreCrop(256, 224)),
        ("crop: 96", 96, CentreCrop(96, 96)),
        ("image_size: 96", 96, CentreCrop(96, 96)),
        ("resize: 256\ncrop: 224\nimage_size: 192\ninterpolation: bicubic", 192, CentreCrop(256, 224, "bicubic")),
    ],
)
def test_what_is_left_out_follows_from_the_network(weights, text, size, crop):
    trained = load_network("mobilenet-v2", say(weights, CLASSES + IMAGENET + text)).trained
    assert (trained.image_size, trained.centre_crop) == (size, crop)


@pytest.mark.parametrize(
    ("text", "mean", "deviation"),
    [
        ("mean: 0.5\ndeviation: 0.5", 127.5, 127.5),
        ("mean: 127.5\ndeviation: 1", 127.5, 1),
        ("mean: 0\ndeviation: 1", 0, 255),
        ("mean: 0\ndeviation: 1\nscale: 255", 0, 1),
    ],
)
def test_the_scale_is_that_of_the_values_unless_it_is_said(weights, text, mean, deviation):
    info = weights_info(say(weights, CLASSES + text))
    assert (info.mean, info.deviation) == ((mean,), (deviation,))


def test_classes_may_be_lines_of_a_text_file_or_numbers(weights, tmp_path):
    (tmp_path / "names.txt").write_text("a cat\ndog\n\nemu\n")
    assert weights_info(say(weights, "classes: names.txt\n" + IMAGENET)).classes == ("a cat", "dog", "emu")
    assert weights_info(say(weights, "classes: [0, 1, 2]\n" + IMAGENET)).classes == ("0", "1", "2")


def test_a_network_beside_the_weights_is_no_word_on_them(weights):
    save(load("mobilenet-v2").at(32, 3), weights.with_suffix(".yaml"))
    assert weights_info(weights) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (IMAGENET, "classes: is missing"),
        (CLASSES + "mean: 0.5", "deviation: is missing"),
        (CLASSES + IMAGENET + "std: 1", "must be one of classes, mean, .*, got 'std'"),
        (CLASSES + IMAGENET + "crops: 1", "did you mean 'crop'"),
        (CLASSES + "mean: 0.5\ndeviation: 0", "deviation.0: must be a number above 0"),
        (CLASSES + IMAGENET + "scale: 100", "scale: must be 1 or 255, got 100"),
        (CLASSES + IMAGENET + "interpolation: area", "interpolation: must be one of bilinear, bicubic"),
        ("classes: absent.txt\n" + IMAGENET, "classes: cannot read .*absent.txt"),
        ("classes: []\n" + IMAGENET, "classes: must have at least 1 entries"),
        ("classes: [1.5]\n" + IMAGENET, r"classes\.0: must be text"),
        ("- a", "must hold keys and values"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(weights, text, message):
    with pytest.raises(UserError, match=rf"mine\.yaml: {message}|mine\.yaml: .*{message}"):
        weights_info(say(weights, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("classes: [a]\n" + IMAGENET, r"does not fit mobilenet-v2"),
        (CLASSES + "mean: [0.5, 0.5]\ndeviation: 0.5", "mean: must have 3 entries, got 2"),
        (CLASSES + IMAGENET + "resize: 100\ncrop: 200", "resize: must be at least the crop, 200, got 100"),
    ],
)
def test_what_does_not_fit_the_network_is_refused(weights, text, message):
    with pytest.raises(UserError, match=message):
        load_network("mobilenet-v2", say(weights, text))


def test_the_example_of_the_page_on_training_is_read(weights, tmp_path):
    page = (Path(__file__).parents[3] / "docs" / "training.md").read_text()
    [example] = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "names.txt").write_text("cat\ndog\nemu\n")
    trained = load_network("mobilenet-v2", say(weights, example)).trained
    assert (trained.classes, trained.centre_crop) == (("cat", "dog", "emu"), CentreCrop(256, 224))


def test_predictions_are_the_librarys(weights, nas, tmp_path):
    """With what torchvision's own page says of such weights, probabilities are those of its own code."""
    pixels = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((300, 260), Image.Resampling.BICUBIC).save(tmp_path / "photo.png")
    torch.manual_seed(0)
    module = resnet18(num_classes=3).eval()
    with torch.no_grad():
        module.fc.weight *= 3  # so that images are told apart
    torch.save(module.state_dict(), weights)
    with Image.open(tmp_path / "photo.png") as image, torch.no_grad():
        theirs = module(get_model_weights("resnet18").DEFAULT.transforms()(image)[None]).softmax(1)[0].tolist()

    def ours(text):
        words = ("predict", "resnet-18", "--weights", say(weights, CLASSES + text), "photo.png", "--json")
        [prediction] = nas(*words).data
        shares = {row["class"]: row["probability"] for row in prediction["classes"]}
        return [shares[name] for name in ("cat", "dog", "emu")]

    assert ours(IMAGENET + "resize: 256\ncrop: 224") == pytest.approx(theirs, abs=1e-4)
    assert ours(IMAGENET) != pytest.approx(theirs, abs=1e-3)
    assert ours("mean: 0.5\ndeviation: 0.5\nresize: 256\ncrop: 224") != pytest.approx(theirs, abs=1e-3)
