"""The ready spaces hold the networks of their idea, and every choice in them fits every other."""

from __future__ import annotations

import random

import pytest

from search_spaces import cost, digest, greatest, least, load
from search_spaces.known.spaces import names, space

VGGS = tuple(f"vgg-{depth}{form}" for depth in (11, 13, 16, 19) for form in ("", "-bn"))
RESNETS = tuple(f"resnet-{form}" for form in (18, 34, 50, 101, 152, "50-v1"))
MEMBERS = {
    "vgg": VGGS,
    "inception": ("googlenet", "googlenet-2014"),
    "resnet": (*RESNETS, "resnext-50-32x4d", "wide-resnet-50-2"),
    "se": ("resnet-50", "se-resnet-50"),
    "mbconv": ("efficientnet-b0",),
    "nf": ("nfnet-f0",),
    "mixed": ("efficientnet-b0",),
}


@pytest.mark.parametrize(
    ("name", "member"), [(name, member) for name, members in MEMBERS.items() for member in members]
)
def test_the_networks_of_an_idea_are_in_its_space(name, member):
    ready, network = space(name), load(member)
    assert network in ready
    assert digest(ready.decide(ready.decisions_of(network))) == digest(network)


def test_a_network_of_another_idea_is_not():
    assert load("resnet-50") not in space("mbconv")
    assert load("efficientnet-b1") not in space("mbconv")
    assert load("resnext-50-32x4d") not in space("se")


@pytest.mark.parametrize("name", names())
def test_whatever_is_drawn_can_be_counted_and_found_again(name):
    ready, rng = space(name), random.Random(0)
    for uniform in ("vectors", "branches"):
        for _ in range(20):
            drawn = ready.sample(rng, uniform)
            assert drawn in ready
            assert ready.decide(ready.decisions_of(drawn)) == drawn
            assert cost(drawn).macs > 0


@pytest.mark.parametrize("name", names())
def test_least_and_greatest_enclose_every_draw(name):
    ready, rng = space(name), random.Random(1)
    low, high = cost(least(ready)).macs, cost(greatest(ready)).macs
    assert low < high
    assert all(low <= cost(ready.sample(rng)).macs <= high for _ in range(20))


def test_every_stage_of_mixed_chooses_among_five_blocks():
    ready = space("mixed")
    kinds = {"conv", "inception", "bottleneck", "mbconv"}
    for index in range(7):
        labels = next(decision.labels for decision in ready.decisions if decision.name == f"stages.{index}")
        assert len(labels) == 5
        assert {label.split("(")[0] for label in labels} == kinds
        assert sum("se_ratio" in label and label.startswith("bottleneck") for label in labels) == 1
