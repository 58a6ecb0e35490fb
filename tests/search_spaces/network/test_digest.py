from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from search_spaces import (
    SE,
    Architecture,
    BatchNorm,
    Block,
    Conv,
    Defaults,
    Head,
    Identity,
    MBConv,
    NFBlock,
    Stage,
    a_flag,
    digest,
    load,
    ruled,
)
from search_spaces.network.digest import training_key


def network(*stages: Stage, **fields) -> Architecture:
    return Architecture(**{"image_size": 16, "classes": 4, "stages": stages, **fields})


def test_two_spellings_of_one_network_have_one_digest():
    rows = network(Stage(Conv(), out=8, repeats=2))
    assert digest(rows) == digest(network(Stage(Conv(), out=8), Stage(Conv(kernel=3), out=8)))
    assert digest(rows) == digest(network(Stage(blocks=(Conv(), Identity(), Conv()), out=8)))
    assert digest(rows) == digest(network(Stage(Conv(act="relu"), out=8, repeats=2)))
    assert digest(rows) == digest(network(Stage(Conv(padding="same"), out=8, repeats=2)))


@pytest.mark.parametrize(
    "other",
    [
        network(Stage(Conv(), out=8, repeats=3)),
        network(Stage(Conv(act="silu"), out=8, repeats=2)),
        network(Stage(Conv(), out=8, repeats=2), defaults=Defaults(norm=BatchNorm(eps=1e-3))),
        network(Stage(Conv(), out=8, repeats=2), image_size=17),
        network(Stage(Conv(), out=8, repeats=2), classes=5),
        network(Stage(Conv(bias=True), out=8, repeats=2)),
    ],
)
def test_different_networks_have_different_digests(other):
    assert digest(other) != digest(network(Stage(Conv(), out=8, repeats=2)))


def test_what_matters_in_training_only_is_left_out_of_the_digest_but_not_of_the_key():
    base = load("efficientnet-b0")
    for changed in (
        replace(base, head=replace(base.head, dropout=0.5)),
        replace(base, defaults=replace(base.defaults, drop_path=0.0)),
        replace(base, defaults=replace(base.defaults, norm=BatchNorm(eps=1e-5, momentum=0.01))),
    ):
        assert digest(changed) == digest(base)
        assert training_key(changed, {}) != training_key(base, {})
    assert digest(replace(load("googlenet"), aux=())) == digest(load("googlenet"))
    assert training_key(replace(load("googlenet"), aux=()), {}) != training_key(load("googlenet"), {})


def test_the_recipe_s_rates_and_facts_are_in_the_key():
    base = load("efficientnet-b0")
    assert training_key(base, {"epochs": 1}) != training_key(base, {"epochs": 2})
    assert training_key(base, {}, dropout=0.2, drop_path=0.2) == training_key(base, {})
    assert training_key(base, {}, dropout=0.3) != training_key(base, {})


@dataclass(frozen=True)
class Sum(Block):
    """A convolution added to itself, or to another just like it."""

    twins: bool = ruled(a_flag, False)

    kind = "sum"

    def trace(self, g, x, out, stride, at):
        first = g.conv(x, out, 3)
        return g.add(first, g.conv(x, out, 3) if self.twins else first)


def test_two_convolutions_on_one_input_are_not_one_used_twice():
    assert digest(network(Stage(Sum(twins=True), out=8))) != digest(network(Stage(Sum(twins=False), out=8)))


def test_the_position_of_an_nf_block_is_part_of_the_network():
    def nf(repeats: int) -> Architecture:
        block = NFBlock(group_size=4, act="gelu")
        return network(Stage(block, out=16, repeats=repeats), Stage(block, out=16), defaults=Defaults(se=SE(gain=2)))

    # Two blocks then one, against one then two: equal blocks, but the expected variances differ.
    assert digest(nf(2)) != digest(replace(nf(1), stages=(nf(1).stages[0], replace(nf(1).stages[1], repeats=2))))


def test_heads_and_images_are_part_of_the_network():
    base = network(Stage(MBConv(), out=8))
    assert digest(replace(base, head=Head(out=16))) != digest(base)
    assert digest(replace(base, in_channels=1)) != digest(base)
