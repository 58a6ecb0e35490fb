"""Exported files as networks: what they say of themselves, and what is refused."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import pytest
import torch

from nas.data.centre_crop import CentreCrop
from nas.module.classifier import load_classifier
from nas.module.loading import load_network
from nas.module.onnx import export_onnx
from nas.module.onnx_network import load_onnx
from search_spaces import UserError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def exported(run_folder, tmp_path_factory):
    """The trained network with a centre crop, and its file."""
    network = load_network(run_folder)
    trained = replace(network.trained, centre_crop=CentreCrop(20, 16, "bicubic"))
    path = tmp_path_factory.mktemp("onnx") / "mine.onnx"
    export_onnx(replace(network, trained=trained), path)
    return replace(network, trained=trained), path


def changed(path, out, **props):
    model = onnx.load(path)
    kept = {prop.key: prop.value for prop in model.metadata_props} | props
    onnx.helper.set_model_props(model, {name: value for name, value in kept.items() if value is not None})
    onnx.save(model, out)
    return out


def test_what_was_trained_comes_back_with_normalisation_inside(exported):
    network, path = exported
    back = load_onnx(path)
    same = {"architecture": {}, "mean": (0.0,) * 3, "deviation": (1.0,) * 3}
    assert back.trained == replace(network.trained, **same)
    assert (back.name, back.image_size, back.in_channels) == ("mine", 16, 3)
    pixels = torch.randint(0, 256, (5, 3, 16, 16), generator=torch.Generator().manual_seed(0)).float()
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (network.trained.mean, network.trained.deviation))
    with torch.no_grad():
        expected = network.module((pixels - mean) / deviation)
    torch.testing.assert_close(back.module(pixels), expected, rtol=1e-4, atol=1e-4)


def test_a_file_written_before_there_were_crops_is_read(exported, tmp_path):
    assert load_onnx(changed(exported[1], tmp_path / "old.onnx", centre_crop=None)).trained.centre_crop is None


@pytest.mark.parametrize(
    ("props", "message"),
    [
        ({"classes": None, "mean": None}, "does not say its classes, mean; ONNX files of `nas export` do"),
        ({"classes": "[["}, "its metadata is damaged"),
        ({"classes": '["a", "b"]'}, "its metadata says"),
        ({"image_size": "32"}, "its metadata says"),
        ({"deviation": "[0, 1, 1]"}, r"trained\.deviation\.0: must be a number above 0"),
        ({"centre_crop": '{"resize": 8}'}, r"trained\.centre_crop: must have exactly resize, crop"),
    ],
)
def test_metadata_that_is_missing_or_wrong_is_refused(exported, tmp_path, props, message):
    with pytest.raises(UserError, match=rf"foreign\.onnx: .*{message}"):
        load_onnx(changed(exported[1], tmp_path / "foreign.onnx", **props))


def test_a_file_of_something_else_is_refused_in_one_line(nas, tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"no graph")
    for name in ("bad.onnx", "absent.onnx"):
        done = nas("predict", name, "x.png")
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert f"{name}: onnxruntime" in done.err
        assert "cannot load the file" in done.err


def test_random_weights_give_a_file_that_says_no_classes(nas):
    assert nas("export", "resnet-18", "--image-size", 32).code == 0
    assert "resnet-18.onnx: does not say its name, classes" in nas("predict", "resnet-18.onnx", "x.png").err


def test_weights_sizes_and_devices_that_a_file_cannot_have(nas, exported):
    _, path = exported
    with pytest.raises(UserError, match=r"weights: .* has its weights in it"):
        load_classifier(path, "w.safetensors")
    words = ("evaluate", path, "--data", "digits")
    assert "takes images of 16 px, got 32" in nas(*words, "--image-size", 32).err
    assert "must be cpu for an ONNX file, got 'cuda'" in nas(*words, "--device", "cuda").err


def test_a_missing_onnxruntime_is_one_line_that_names_the_extra(nas, monkeypatch, exported):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnxruntime" else find_spec(name))
    done = nas("predict", exported[1], "x.png")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert 'needs onnxruntime: pip install "nas-and-scaling[onnx]"' in done.err
