"""Weights that a library brings: what it says of them, with random ones in place of a download."""

from __future__ import annotations

from importlib import import_module
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image

from nas.data.centre_crop import CentreCrop
from nas.module import library_weights
from nas.module.files import load_weights
from nas.module.libraries import LIBRARIES, library_module
from search_spaces import UserError, load

MODELS = [(name, spec.partition(":")[0]) for name, specs in LIBRARIES.items() for spec in specs]
NORMAL = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.fixture(scope="module")
def states():
    """Random weights of two libraries, whose classes are told apart."""
    torch.manual_seed(0)
    states = {}
    for library, model, head, gain in (
        ("torchvision", "resnet18", "fc", 10),
        ("timm", "mobilenetv2_100", "classifier", 4),
    ):
        states[library] = library_module(f"{library}:{model}", 1000).state_dict()
        states[library][f"{head}.weight"] *= gain
    return states


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")


@pytest.fixture
def downloads(states, data_folder, monkeypatch):
    """How often each library was asked to download."""
    asked = []
    monkeypatch.setenv("NAS_DATA", str(data_folder))
    for library, state in states.items():
        function = lambda model, library=library, state=state: asked.append((library, model)) or dict(state)  # noqa: E731
        monkeypatch.setitem(library_weights.DOWNLOAD, library, function)
    return asked


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((301, 260), Image.Resampling.BICUBIC).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.mark.parametrize(("name", "library"), MODELS)
def test_every_known_network_of_a_library_is_described(name, library):
    about = library_weights.DESCRIBE[library](library_weights.model_of(name, library))
    assert len(about.classes) == 1000
    assert about.classes[:2] == ("tench", "goldfish")
    assert len(about.mean) == len(about.deviation) == 3
    assert about.tag
    size = about.centre_crop.crop
    assert load(name).at(size).image_size == size


def test_descriptions_are_the_librarys():
    torchvision, timm = (library_weights.DESCRIBE[name] for name in ("torchvision", "timm"))
    resnet = torchvision("resnet50")
    assert (resnet.tag, resnet.mean, resnet.deviation) == ("IMAGENET1K_V2", *NORMAL)
    assert resnet.centre_crop == CentreCrop(232, 224, "bilinear")
    assert torchvision("alexnet").centre_crop == CentreCrop(256, 224, "bilinear")
    assert torchvision("efficientnet_b0").centre_crop == CentreCrop(256, 224, "bicubic")
    assert timm("mobilenetv2_100").centre_crop == CentreCrop(256, 224, "bicubic")
    assert timm("dm_nfnet_f0").centre_crop == CentreCrop(284, 256, "bicubic", squash=True)


def test_what_a_module_does_to_its_images_itself_is_part_of_the_normalisation():
    """torchvision's Inception takes images by ImageNet's statistics, and its first step makes them others."""
    about = library_weights.DESCRIBE["torchvision"]("inception_v3")
    models = import_module("torchvision.models")
    module = models.inception_v3(transform_input=True, init_weights=False, aux_logits=True)
    pixels = torch.rand(1, 3, 8, 8)
    images = models.get_model_weights("inception_v3").DEFAULT.transforms()
    mean, deviation, our_mean, our_deviation = (
        torch.tensor(values).view(1, 3, 1, 1) for values in (images.mean, images.std, about.mean, about.deviation)
    )
    theirs = module._transform_input((pixels - mean) / deviation)
    torch.testing.assert_close((pixels - our_mean) / our_deviation, theirs, rtol=1e-4, atol=1e-5)


def library_probabilities(library, state, photo):
    """By the library's own module and transform."""
    if library == "torchvision":
        models = import_module("torchvision.models")
        module, transform = models.resnet18(), models.get_model_weights("resnet18").DEFAULT.transforms()
    else:
        timm = import_module("timm")
        module = timm.create_model("mobilenetv2_100")
        transform = timm.data.create_transform(**timm.data.resolve_data_config(model=module))
    module.load_state_dict(state)
    with Image.open(photo) as image, torch.no_grad():
        return module.eval()(transform(image)[None]).softmax(1)[0]


@pytest.mark.parametrize(("name", "library"), [("resnet-18", "torchvision"), ("mobilenet-v2", "timm")])
def test_predictions_are_the_librarys_own(nas, downloads, states, photo, name, library):
    theirs = library_probabilities(library, states[library], photo)
    words = ("predict", name, "--weights", library, photo, "--json", "--top", 3)
    [ours] = nas(*words).data
    best = theirs.topk(3)
    assert 0.1 < best.values[0] < 0.9
    assert [row["probability"] for row in ours["classes"]] == pytest.approx(best.values.tolist(), abs=1e-4)
    classes = library_weights.DESCRIBE[library](library_weights.model_of(name, library)).classes
    assert [row["class"] for row in ours["classes"]] == [classes[index] for index in best.indices]
    assert nas("export", name, "--weights", library, "--out", "mine.onnx").code == 0
    [exported] = nas("predict", "mine.onnx", photo, "--json", "--top", 3).data
    assert [row["class"] for row in exported["classes"]] == [row["class"] for row in ours["classes"]]
    shares = [row["probability"] for row in ours["classes"]]
    assert [row["probability"] for row in exported["classes"]] == pytest.approx(shares, abs=1e-4)
    assert downloads == [(library, library_weights.model_of(name, library))]  # once


def test_the_file_says_where_the_weights_are_from(downloads, data_folder):
    path = library_weights.library_file("resnet-18", "torchvision")
    assert path == data_folder / "weights" / "torchvision-resnet-18-IMAGENET1K_V1.safetensors"
    _, trained = load_weights(path)
    assert trained.provenance == {"library": "torchvision", "model": "resnet18", "tag": "IMAGENET1K_V1"}
    assert trained.mean == pytest.approx((123.675, 116.28, 103.53))


def test_they_are_evaluated_on_folders_named_by_wordnet(nas, downloads, tmp_path):
    """The classes of ImageNet's own folders are numbers, which stand in the order of the logits."""
    rng = np.random.default_rng(0)
    for index in range(1000):
        (tmp_path / "data" / f"n{index:08}").mkdir(parents=True)
        for image in range(3):
            pixels = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / f"n{index:08}" / f"{image}.png")
    words = ("evaluate", "resnet-18", "--weights", "torchvision", "--data", "folder:data", "--image-size", 32)
    done = nas(*words, "--json")
    assert done.code == 0, done.err
    assert done.data["images"] == 1000
    (tmp_path / "data" / "n00000999").rename(tmp_path / "data" / "zebra")
    assert "class 0 is 'tench' in" in nas(*words).err


def test_a_training_begins_with_them(nas, downloads, tmp_path):
    np.savez(tmp_path / "own.npz", images=np.zeros((30, 8, 8), dtype=np.uint8), labels=np.arange(30) % 3)
    quick = ("--epochs", 1, "--image-size", 32, "--batch", 6, "--freeze", "body")
    done = nas("train", "resnet-18", "--data", "npz:own.npz", "--weights", "torchvision", "--out", "run", *quick)
    assert done.code == 0, done.err
    assert "begins with " in done.out
    assert "new: head.classifier.weight, head.classifier.bias; frozen: body" in done.out
    before, _ = load_weights(library_weights.library_file("resnet-18", "torchvision"))
    after, trained = load_weights(tmp_path / "run" / "weights.safetensors")
    assert trained.centre_crop is None
    assert torch.equal(before["stem.0.0.conv.weight"], after["stem.0.0.conv.weight"])


def test_a_training_begins_with_a_file_of_a_librarys_own_names(nas, states, tmp_path):
    torch.save(states["torchvision"], tmp_path / "resnet18.pth")
    np.savez(tmp_path / "own.npz", images=np.zeros((30, 8, 8), dtype=np.uint8), labels=np.arange(30) % 3)
    quick = ("--epochs", 1, "--image-size", 32, "--batch", 6, "--freeze", "body")
    done = nas("train", "resnet-18", "--data", "npz:own.npz", "--weights", "resnet18.pth", "--out", "run", *quick)
    assert done.code == 0, done.err
    after, _ = load_weights(tmp_path / "run" / "weights.safetensors")
    assert torch.equal(states["torchvision"]["conv1.weight"], after["stem.0.0.conv.weight"])


def no_network(*_, **__):
    raise URLError("no network")


def test_without_a_network_it_is_one_line(nas, monkeypatch, tmp_path):
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", no_network)
    monkeypatch.setattr("timm.create_model", no_network)
    for library in ("torchvision", "timm"):
        done = nas("predict", "mobilenet-v2", "--weights", library, "x.png")
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert f"{library}'s weights of mobilenet-v2 are not on this machine and cannot be downloaded" in done.err
        assert "no network" in done.err
    assert not (tmp_path / "data").exists()


def test_what_a_library_does_not_have(nas, monkeypatch):
    assert (
        "timm has no weights of alexnet; torchvision has them"
        in nas("predict", "alexnet", "--weights", "timm", "x").err
    )
    with pytest.raises(UserError, match="torchvision has no weights of lenet-5"):
        library_weights.library_weights("lenet-5", "torchvision")
    monkeypatch.setattr(library_weights, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="timm is not installed: pip install timm"):
        library_weights.model_of("senet-154", "timm")
