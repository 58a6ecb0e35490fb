"""The whole way with own photos and defaults: what is exported has, for a stranger's program, the accuracy and the
costs that the study states, to the digit."""

from __future__ import annotations

import json
import math

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from nas.study import open_study

SIDE = 36
COLOURS = {"blue": (60, 80, 200), "green": (60, 190, 80), "red": (200, 60, 60)}
COUNTS = {"train": 40, "valid": 12, "Test": 25}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Coloured noise in three classes that overlap, with splits of its own."""
    folder, rng = tmp_path_factory.mktemp("own") / "photos", np.random.default_rng(0)
    for split, count in COUNTS.items():
        for name, colour in COLOURS.items():
            (folder / split / name).mkdir(parents=True)
            for index in range(count):
                pixels = rng.normal(colour, 120, (SIDE, SIDE, 3)) + rng.normal(0, 60, 3)
                Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / split / name / f"{index}.png")
    return folder


def accuracy(model, photos):
    """Top-1 of an ONNX file on the test photos by Pillow, NumPy and onnxruntime alone."""
    session = onnxruntime.InferenceSession(model)
    right = total = 0
    for label, name in enumerate(sorted(COLOURS)):
        images = [np.asarray(Image.open(path), np.float32) for path in sorted((photos / "Test" / name).iterdir())]
        [logits] = session.run(None, {"images": np.stack(images).transpose(0, 3, 1, 2)})
        right += int((logits.argmax(1) == label).sum())
        total += len(images)
    return right / total


def macs(model):
    """Multiply-adds of an ONNX file's convolutions and matrix products for one image, by onnx alone."""
    graph = onnx.shape_inference.infer_shapes(onnx.load(model)).graph
    weights = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in (*graph.value_info, *graph.output)}
    total = 0
    for node in graph.node:
        if node.op_type == "Conv":
            total += math.prod(weights[node.input[1]]) * math.prod(shapes[node.output[0]][2:])
        elif node.op_type in ("Gemm", "MatMul"):
            total += math.prod(weights[node.input[1]])
    return total


def test_what_is_exported_has_the_accuracy_and_the_macs_that_are_stated(nas, photos, tmp_path):
    words = ("search", "--data", f"folder:{photos}", "--budget", "0.6MFLOPs", "--out", "study", "--device", "cpu")
    done = nas(*words, "--trials", 6, "--epochs", 1, "--retrain", 0, "--workers", 1)
    assert done.code == 0, done.err
    assert "nas export study" in done.out
    assert "nas train study" in done.out
    final = open_study(tmp_path / "study").final
    assert final.image_size == SIDE
    assert final.macs <= 600_000

    exported = nas("export", "study", "--out", "model.onnx")
    assert exported.code == 0, exported.err
    assert accuracy(tmp_path / "model.onnx", photos) == final.top1
    assert macs(tmp_path / "model.onnx") == final.macs
    summary = json.loads((tmp_path / "study" / final.folder / "summary.json").read_text())
    assert (summary["test"]["top1"], summary["macs"]) == (final.top1, final.macs)
    page = (tmp_path / "study" / "report.html").read_text()
    assert f"{100 * final.top1:.1f} %" in page
    assert f"at {SIDE} px" in page
    assert (
        nas("evaluate", "study", "--data", f"folder:{photos}", "--split", "test", "--json").data["top1"] == final.top1
    )
