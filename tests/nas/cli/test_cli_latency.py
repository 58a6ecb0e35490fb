from __future__ import annotations

import sys

import pytest
import torch

RESNET = ("latency", "resnet-18", "--image-size", 32, "--runs", 3, "--unsteady")


def test_latency_as_json(nas):
    data = nas(*RESNET, "--batch", 4, "--threads", 1, "--json").data
    assert 0 < data["p5_ms"] <= data["median_ms"] <= data["p95_ms"]
    assert data["images_per_second"] == pytest.approx(4000 / data["median_ms"])
    assert (data["batch"], data["runs"], data["threads"], data["dtype"]) == (4, 3, 1, "float32")
    assert (data["device"], data["image_size"], data["repeats"]) == ("cpu", 32, 1)
    assert 0 < data["core_share"] <= 1.1


def test_one_thread_or_all_is_measured(nas, monkeypatch):
    asked = []
    monkeypatch.setattr("nas.machine.usable_cores", lambda: 2)
    monkeypatch.setattr("nas.module.latency.faster_threads", lambda *about: asked.append(about[1:]) or 2)
    assert nas(*RESNET, "--json").data["threads"] == 2
    assert asked == [(1, "float32", 2)]
    assert nas(*RESNET, "--threads", 1, "--json").data["threads"] == 1
    assert len(asked) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says")
def test_peak_memory_is_at_least_that_of_the_weights(nas):
    weights = 4 * 11_689_512
    freed = [torch.ones(250_000) for _ in range(100)]  # would be used again, and not seen
    assert len(freed) == 100
    del freed
    peak = nas(*RESNET, "--json").data["peak_bytes"]
    if peak is not None:  # a container may hide it
        assert 0.8 * weights < peak < 5 * weights  # some pages may be left from before


def test_latency_for_people(nas):
    out = nas(*RESNET, "--dtype", "bfloat16").out
    assert "resnet-18  32 × 32 px, batch 1" in out
    assert "ms over 3 runs" in out
    assert "images/s" in out
    assert "bfloat16, channels last" in out


def test_wrong_use_is_one_line(nas, monkeypatch):
    assert "must be auto, cpu, cuda or cuda:N, got 'tpu'" in nas(*RESNET, "--device", "tpu").err
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "torch finds no GPU" in nas(*RESNET, "--device", "cuda").err

    done = nas("latency", "resnet-18", "--batch", 10**15)
    assert done.code == 2
    assert done.err.startswith("nas: 224 px, batch 1000000000000000 cannot be run here: Storage size")
