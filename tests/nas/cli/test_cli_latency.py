from __future__ import annotations

import sys

import pytest
import torch

from nas.module.measures import latency
from search_spaces import load

SMALL = ("latency", "resnet-18", "--image-size", 32, "--runs", 3)


def test_latency_as_json(nas):
    told = nas(*SMALL, "--batch", 4, "--threads", 1, "--json").data
    assert 0 < told["p5_ms"] <= told["median_ms"] <= told["p95_ms"]
    assert told["images_per_second"] == pytest.approx(4000 / told["median_ms"])
    assert (told["batch"], told["runs"], told["threads"], told["dtype"]) == (4, 3, 1, "float32")
    assert (told["device"], told["image_size"]) == ("cpu", 32)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_peak_memory_is_at_least_that_of_the_weights(nas):
    weights = 4 * 11_689_512
    freed = [torch.ones(250_000) for _ in range(100)]  # would be used again, and not seen
    assert len(freed) == 100
    del freed
    peak = nas(*SMALL, "--json").data["peak_bytes"]
    if peak is not None:  # a container may hide it
        assert 0.8 * weights < peak < 5 * weights  # some pages may be left from before


def test_latency_for_people(nas):
    out = nas(*SMALL, "--dtype", "bfloat16").out
    assert "resnet-18  32 × 32 px, batch 1" in out
    assert "ms over 3 runs" in out
    assert "images/s" in out
    assert "bfloat16, channels last" in out


def test_threads_are_put_back(nas):
    before = torch.get_num_threads()
    assert nas(*SMALL, "--threads", before + 1, "--json").data["threads"] == before + 1
    assert torch.get_num_threads() == before


def test_wrong_use_is_one_line(nas, monkeypatch):
    assert "must be auto, cpu, cuda or cuda:N, got 'tpu'" in nas(*SMALL, "--device", "tpu").err
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "torch finds no GPU" in nas(*SMALL, "--device", "cuda").err

    def full(*_, **__):
        raise RuntimeError("not enough memory\nand a long story")

    monkeypatch.setattr("nas.module.measures.latency", full)
    done = nas(*SMALL)
    assert done.code == 2
    assert done.err == "nas: 32 px, batch 1 cannot be run here: not enough memory\n"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_latency_on_a_gpu():
    told = latency(load("resnet-18").at(64), "cuda", batch=8, runs=5, dtype="bfloat16")
    assert told.peak_bytes >= 2 * 11_000_000
    assert told.processor == torch.cuda.get_device_name()
