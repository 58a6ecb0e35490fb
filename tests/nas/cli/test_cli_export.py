from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import torch

import nas as nas_package
from nas.module.export import with_random_weights
from nas.module.loading import load_network
from nas.module.onnx import ExportFailed, export_onnx, judged, write_onnx
from search_spaces import (
    Architecture,
    BatchNorm,
    Conv,
    Defaults,
    Head,
    Inception,
    LocalResponseNorm,
    MBConv,
    Pool,
    Stage,
    UserError,
    load,
    save,
)
from search_spaces.known.networks import names

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

ALL_IN_ONE = Architecture(
    image_size=25,
    classes=7,
    stem=(
        Stage(Conv(kernel=3, norm=LocalResponseNorm()), out=8, stride=2),
        Stage(Pool(kernel=3), stride=2),
        Stage(Pool(mode="avg", kernel=3), stride=1),
    ),
    stages=(
        Stage(MBConv(kernel=5, expand_ratio=2), out=16, repeats=2, stride=2),
        Stage(Inception(widths=(4, 4, 8, 4, 4, 4)), out=20),
    ),
    head=Head(out=16, dropout=0.2),
    defaults=Defaults(act="silu", padding="same", norm=BatchNorm(), drop_path=0.2),
)


def exported(nas, *words):
    """What the command prints, after a look at the file: it must take any batch."""
    done = nas("export", *words, "--json")
    assert done.code == 0, done.err
    session = onnxruntime.InferenceSession(done.data["path"], providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape[0] == "batch"
    return done.data, session


def test_same_padding_se_lrn_and_branches(nas, tmp_path):
    save(ALL_IN_ONE, tmp_path / "all.yaml")
    done = nas("export", "all.yaml", "--json")
    assert done.code == 0, done.err
    assert done.err == "no weights: they are random, and so are the outputs\n"
    facts = done.data
    assert facts["relative"] <= 1e-4
    assert facts["spread"] > 0.01
    assert (facts["path"], facts["opset"], facts["normalised"]) == ("all.onnx", 18, False)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["all.onnx", "all.yaml"]
    assert "exists" in nas("export", "all.yaml").err
    for opset in (17, 99):
        assert "opset: must be 18 to" in nas("export", "all.yaml", "--out", "x.onnx", "--opset", opset).err


def test_pixels_are_normalised_inside_and_classes_are_facts(nas, run_folder):
    facts, session = exported(nas, run_folder, "--out", "mine.onnx", "--opset", 20)
    assert facts["normalised"]
    assert facts["opset"] == 20
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["classes"]) == list("0123456789")
    assert len(json.loads(about["mean"])) == len(json.loads(about["deviation"])) == 3
    assert about["image_size"] == "16"

    from nas.data.by_name import load_data

    val = load_data("digits").val
    large = torch.nn.functional.interpolate(torch.from_numpy(val.images).float(), size=16, mode="bilinear")
    logits = session.run(["logits"], {"images": large.expand(-1, 3, -1, -1).numpy()})[0]
    assert (logits.argmax(1) == val.labels).mean() > 0.6


def test_standardised_convolutions(nas, tmp_path):
    from dataclasses import replace

    nf = load("nfnet-f0")
    rows = tuple(replace(row, repeats=1) for row in nf.stages[:2])
    save(replace(nf, stages=rows, head=Head(out=64), image_size=33, classes=9), tmp_path / "nf.yaml")
    facts, _ = exported(nas, "nf.yaml")
    assert facts["relative"] <= 1e-4
    assert facts["spread"] > 0.01


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in names() if not name.endswith(("b7", "b8", "l2", "f4", "f5", "f6"))])
def test_known_networks(nas, name):
    network = load(name)
    size = () if network.head.binds_image_size else ("--image-size", 96)
    facts, _ = exported(nas, name, *size)
    assert facts["relative"] <= 1e-4
    assert facts["spread"] > 0.01
    Path(facts["path"]).unlink()


def test_a_difference_leaves_no_file(run_folder, tmp_path):
    def write_another(module, example, path, opset):
        classifier = module.network.head.classifier
        with torch.no_grad():
            classifier.bias -= 1
            write_onnx(module, example, path, opset)
            classifier.bias += 1

    with pytest.raises(ExportFailed, match="onnxruntime and torch differ by 1"):
        export_onnx(load_network(run_folder), tmp_path / "mine.onnx", write=write_another)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_export_is_one_line(nas, monkeypatch):
    def fail(*_, **__):
        raise ExportFailed("onnxruntime and torch\ndiffer")

    monkeypatch.setattr("nas.module.export.export_onnx", fail)
    done = nas("export", "resnet-18", "--image-size", 32)
    assert (done.code, done.err) == (1, "nas: onnxruntime and torch differ; no file is left\n")


def test_weights_may_be_those_of_a_folder(nas, run_folder, study_folder):
    facts, _ = exported(nas, run_folder / "network.yaml", "--weights", study_folder, "--out", "mine.onnx")
    assert (facts["random_weights"], facts["normalised"]) == (False, True)


def test_from_python(run_folder, tmp_path):
    result = nas_package.export(run_folder, tmp_path / "mine.onnx")
    assert (result.image_size, result.random_weights, result.normalised) == (16, False, True)
    with pytest.raises(UserError, match="this file exists"):
        nas_package.export(run_folder, tmp_path / "mine.onnx")


def test_the_judge():
    ours = torch.tensor([[1.0, -10.0], [2.0, 4.0]])
    absolute, relative, spread = judged(ours, ours + 5e-4)
    assert (absolute, relative, spread) == pytest.approx((5e-4, 5e-5, 1.4), rel=1e-2)
    for wrong in (ours + 2e-3, ours * torch.nan):
        with pytest.raises(ExportFailed, match="the largest logit being 10"):
            judged(ours, wrong)


def test_random_networks_tell_images_apart():
    for name in ("efficientnet-b0", "nfnet-f0"):
        module = with_random_weights(load(name).at(48, 10))
        with torch.inference_mode():
            logits = module(torch.randn(2, 3, 48, 48))
        assert float((logits[0] - logits[1]).abs().max()) > 0.01 * float(logits.abs().max())


def test_missing_packages_are_one_line(nas, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnxruntime" else find_spec(name))
    done = nas("export", "resnet-18", "--image-size", 32)
    assert done.code == 2
    assert 'export needs onnxruntime: pip install "nas-and-scaling[onnx]"' in done.err
