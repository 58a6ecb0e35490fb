from __future__ import annotations

import pytest
import torch
from torch import nn

from nas.module.measures import count_module, fvcore_macs, latency, measure
from search_spaces import cost, load


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


def test_measure_tells_both():
    network = load("efficientnet-b0").at(32, 10)
    told = measure(network)
    assert told.fvcore == fvcore_macs(network)
    assert told.fvcore.macs == cost(network).macs
    assert told.latency.median_ms > 0
