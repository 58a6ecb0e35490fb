"""Scaled networks of every ready space: they build, and fvcore counts what is counted without them."""

from __future__ import annotations

from random import Random

import pytest

from nas.module.fvcore import fvcore_macs
from nas.module.network import build
from scaling import scale
from search_spaces import load
from search_spaces.known.spaces import SPACES


@pytest.mark.parametrize("rule", ["efficientnet", "fast"])
@pytest.mark.parametrize("name", SPACES)
def test_scaled_networks_have_the_macs_that_fvcore_counts(name, rule):
    base = load(name).sample(Random(1)).at(48, 10)
    scaled = scale(base, phi=0.7, rule=rule)
    module = build(scaled.architecture)
    assert sum(weight.numel() for weight in module.parameters()) == scaled.cost.params
    assert fvcore_macs(scaled.architecture).macs == scaled.cost.macs
