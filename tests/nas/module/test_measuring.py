from __future__ import annotations

import pytest
import torch
from torch import nn

from nas.module.fvcore import count_module, fvcore_macs
from nas.module.latency import latency
from nas.module.measure import measure
from nas.module.memory import enough_memory
from search_spaces import UserError, cost, load


def test_fvcore_counts_convolutions_and_linear_layers_only():
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)
    )
    counted = count_module(module.eval(), torch.zeros(1, 3, 6, 6))
    assert counted.macs == 6 * 6 * 8 * 27 + 16
    assert counted.total > counted.macs


def test_a_layer_that_fvcore_skips_is_an_error():
    """fvcore knows no convolution with padding given as a word, and counts it as nothing."""
    module = nn.Sequential(nn.Conv2d(3, 8, 3, padding="same"), nn.Flatten())
    with pytest.raises(RuntimeError, match="fvcore counts nothing for 0, which has weights"):
        count_module(module.eval(), torch.zeros(1, 3, 6, 6))


def test_counting_leaves_the_module_alone():
    module = nn.Sequential(nn.Conv2d(3, 8, 3))
    count_module(module, torch.zeros(1, 3, 6, 6))
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in module.modules())


def test_latency_grows_with_the_batch():
    network = load("resnet-18").at(64, 10)
    one, many = latency(network, batch=1, runs=8), latency(network, batch=16, runs=8)
    assert 0 < one.p5_ms <= one.median_ms <= one.p95_ms
    assert many.median_ms > one.median_ms
    assert (many.batch, many.runs, many.device) == (16, 8, "cpu")


def test_measure_has_both():
    network = load("efficientnet-b0").at(32, 10)
    measured = measure(network)
    assert measured.fvcore == fvcore_macs(network)
    assert measured.fvcore.macs == cost(network).macs
    assert measured.latency.median_ms > 0


def test_threads_are_put_back():
    before = torch.get_num_threads()
    network = load("resnet-18").at(32, 10)
    assert latency(network, runs=2, threads=before + 1).threads == before + 1
    assert torch.get_num_threads() == before


def test_what_does_not_fit_into_memory_is_one_line():
    with pytest.raises(UserError, match=r"^1000000000 px, batch 1 cannot be run here: Storage size"):
        latency(load("resnet-18").at(10**9))
    for error in (MemoryError(), torch.OutOfMemoryError("a GPU"), RuntimeError("can't allocate memory: 9 bytes\nmore")):
        with pytest.raises(UserError, match=r"^this cannot be run here: .+"), enough_memory("this"):
            raise error


def test_an_error_of_our_own_is_not_blamed_on_memory():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), enough_memory("this"):
        torch.ones(2, 3) @ torch.ones(2, 3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_latency_on_a_gpu():
    measured = latency(load("resnet-18").at(64), "cuda", batch=8, runs=5, dtype="bfloat16")
    assert measured.peak_bytes >= 2 * 11_000_000
    assert measured.processor == torch.cuda.get_device_name()
