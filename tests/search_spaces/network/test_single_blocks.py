"""What single blocks do, beyond the battery: widths, strides, places, errors."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from search_spaces import (
    SE,
    Architecture,
    BasicBlock,
    Block,
    Bottleneck,
    Conv,
    ConvHead,
    Defaults,
    FlatHead,
    Head,
    Identity,
    Inception,
    InceptionResNet,
    LocalResponseNorm,
    MBConv,
    NoNorm,
    Norm,
    Parallel,
    Pool,
    PreActBottleneck,
    Separable,
    Space,
    Stage,
    UserError,
    WeightStandardization,
    choice,
    cost,
    digest,
)
from search_spaces.network.architecture import trace_network

TWO = ((Stage(Conv(kernel=1), out=4),), (Stage(Pool(kernel=3)), Stage(Conv(), out=8)))


def network(*stages: Stage, **fields) -> Architecture:
    return Architecture(**{"image_size": 16, "classes": 4, "stages": stages, **fields})


def ops_of(architecture: Architecture) -> list[str]:
    return [type(node.op).__name__ for node in trace_network(architecture).nodes]


def named(architecture: Architecture, part: str) -> list[tuple[int, ...]]:
    return [node.shape for node in trace_network(architecture).nodes if part in node.name]


def test_the_width_of_branches_is_their_sum_and_they_stride_at_their_last_row():
    last = trace_network(network(Stage(Parallel(branches=TWO), stride=2))).nodes
    (joined,) = [node for node in last if type(node.op).__name__ == "Concat"]
    assert joined.shape == (12, 8, 8)
    (pooled,) = [node for node in last if type(node.op).__name__ == "Pool"]
    assert pooled.shape == (3, 16, 16)
    with pytest.raises(UserError, match=r"stages\.0\..*out must be the sum of the branches, 12, or left out, got 13"):
        cost(network(Stage(Parallel(branches=TWO), out=13)))


def test_branches_that_end_in_maps_of_different_sides_are_refused_by_place():
    odd = ((Stage(Conv(), out=4),), (Stage(Conv(padding="valid"), out=4),))
    with pytest.raises(UserError, match=r"^stages\.0\.0\.concat: only maps of one size"):
        cost(network(Stage(Parallel(branches=odd))))


@pytest.mark.parametrize(
    ("branches", "said"),
    [
        ((), "at least 1 entries, got 0"),
        (((),), "at least 1 entries, got 0"),
        ((Stage(Conv(), out=4),), "must be a list"),
    ],
)
def test_branches_without_rows_are_refused(branches, said):
    with pytest.raises(UserError, match=rf"^parallel\.branches.*{said}"):
        Parallel(branches=branches)


def test_branches_hold_choices_and_repeats_and_other_branches():
    inner = Parallel(branches=((Stage(Conv(kernel=choice(1, 3)), out=choice(4, 8)),), (Stage(Identity()),)))
    space = Space("nested", network(Stage(Parallel(branches=((Stage(inner),), (Stage(Conv(), out=4, repeats=2),))))))
    assert space.size == 4
    assert len({digest(architecture) for architecture in space}) == 4
    assert {cost(architecture).params for architecture in space} == {
        cost(space.decide(space.decisions_of(architecture))).params for architecture in space
    }


def test_a_pool_padded_by_more_than_half_its_kernel_is_refused():
    """torch refuses it too, but only when it runs."""
    with pytest.raises(UserError, match=r"^stages\.0\.0\.pool: the padding of a pool must be at most half its kernel"):
        cost(network(Stage(Pool(kernel=3, padding=2))))
    assert cost(network(Stage(Pool(kernel=3, padding=1)))).params > 0


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (lambda g, x: g.act(x, "swish"), r"act: must be one of relu, .*, got 'swish'$"),
        (lambda g, x: g.pool(x, "min", 3), r"pool: must be one of max, avg, got 'min'$"),
        (lambda g, x: g.conv(x, 8, 3, padding="sam"), r"padding must be one of half, same, valid, .*, got .sam.$"),
    ],
)
def test_a_trace_that_names_what_does_not_exist_is_refused(operation, message):
    """Nothing unknown becomes something else in silence."""

    @dataclass(frozen=True)
    class Mistaken(Block):
        kind = "mistaken"

        def trace(self, g, x, out, stride, at):
            return operation(g, x)

    with pytest.raises(UserError, match=message):
        cost(network(Stage(Mistaken(), out=3)))


def test_growing_layers_repeat():
    """A dense layer: its input beside new channels (Huang et al. 2017)."""
    dense = Parallel(branches=((Stage(Identity()),), (Stage(Conv(), out=5),)))
    assert named(network(Stage(dense, repeats=3)), "concat")[-1] == (3 + 3 * 5, 16, 16)


def test_a_residual_module_keeps_width_and_side_and_may_be_linear():
    block = InceptionResNet(branches=TWO, scale=0.1)
    stem = (Stage(Conv(), out=6),)
    assert "Scale" in ops_of(network(Stage(block), stem=stem))
    linear = network(Stage(InceptionResNet(branches=TWO, act="none")), stem=stem)
    assert ops_of(linear).count("Act") == ops_of(network(Stage(block), stem=stem)).count("Act") - 1
    with pytest.raises(UserError, match="the stride must be 1, got 2"):
        cost(network(Stage(block, stride=2), stem=stem))
    with pytest.raises(UserError, match="keeps its width: out must be 6 or left out, got 8"):
        cost(network(Stage(block, out=8), stem=stem))


def test_a_convolution_has_a_bias_where_no_batch_norm_follows():
    plain, normed = network(Stage(Conv(norm=NoNorm()), out=8)), network(Stage(Conv(), out=8))
    lrn = network(Stage(Conv(norm=LocalResponseNorm()), out=8))
    assert cost(normed).params - cost(plain).params == 2 * 8 - 8
    assert cost(lrn).params == cost(plain).params
    assert ops_of(lrn)[1:4] == ["Conv", "Act", "LocalResponseNorm"]
    assert ops_of(normed)[1:4] == ["Conv", "BatchNorm", "Act"]


def test_no_activation_is_no_node():
    assert ops_of(network(Stage(Conv(act="none"), out=8)))[1:3] == ["Conv", "BatchNorm"]
    assert digest(network(Stage(Norm(norm=NoNorm())))) == digest(network(Stage(Identity())))


def test_preactivation_shares_its_first_norm_with_the_projection():
    ops = ops_of(network(Stage(PreActBottleneck(), out=16, stride=2)))
    assert ops[1:3] == ["BatchNorm", "Act"]
    assert ops.count("BatchNorm") == 3
    assert ops.count("Conv") == 4


@pytest.mark.parametrize("block", [BasicBlock(se_ratio=0.25), Bottleneck(se_ratio=0.25)])
def test_se_sits_where_it_is_asked_for(block):
    def at(place):
        se = SE(relative_to="output", place=place)
        return network(Stage(block, out=16), stem=(Stage(Conv(), out=8),), defaults=Defaults(se=se))

    digests = {place: digest(at(place)) for place in ("branch", "inner", "pre", "post", "identity")}
    assert len(set(digests.values())) == 5
    (gate,) = named(at("pre"), "stages.0.0.se.mul")
    assert gate == (8, 16, 16)
    names = [node.name for node in trace_network(at("post")).nodes]
    assert names.index("stages.0.0.se.mul") > names.index("stages.0.0.act")


def test_inception_takes_se_after_the_concatenation():
    plain, gated = (network(Stage(Inception(se_ratio=ratio), out=40)) for ratio in (0, 0.25))
    assert cost(gated).params > cost(plain).params
    assert named(gated, "stages.0.0.se.mul") == [(40, 16, 16)]


def test_an_inner_width_takes_the_place_of_the_ratio():
    stem = (Stage(Conv(), out=8),)
    ratio, inner = (
        network(Stage(block, out=8), stem=stem) for block in (MBConv(expand_ratio=3), MBConv(expand_ratio=6, inner=24))
    )
    assert digest(ratio) == digest(inner)
    alone = network(Stage(MBConv(inner=8), out=8), stem=stem)
    assert digest(alone) == digest(network(Stage(MBConv(expand_ratio=1), out=8), stem=stem))


def test_weight_standardisation_puts_its_gain_where_it_is_asked_for():
    def standardised(gain_in, act="gelu"):
        norm = WeightStandardization(gain_in=gain_in)
        return network(Stage(Conv(), out=8), defaults=Defaults(act=act, norm=norm))

    assert "Scale" in ops_of(standardised("act"))
    assert "Scale" not in ops_of(standardised("weight"))
    assert cost(standardised("act"))[:2] == cost(standardised("weight"))[:2]
    assert cost(standardised("act")).params == 8 * 27 + 8 + 8 + 8 * 4 + 4
    with pytest.raises(
        UserError, match=r"^stages\.0\.0.*weight standardisation needs an activation of .*, got hard_swish"
    ):
        cost(standardised("act", "hard_swish"))


def test_a_single_weight_cannot_be_standardised():
    """Its mean is itself: a depthwise 1×1 convolution would give its bias for every image."""
    defaults = Defaults(norm=WeightStandardization())
    assert cost(network(Stage(Separable(kernel=3), out=8), defaults=defaults)).params > 0
    with pytest.raises(UserError, match=r"^stages\.0\.0\.depthwise\.conv: weight standardisation needs more than one"):
        cost(network(Stage(Separable(kernel=1), out=8), defaults=defaults))


def test_heads_without_a_fully_connected_layer():
    small_network = network(Stage(Conv(), out=8), head=ConvHead(dropout=0.5))
    assert cost(small_network).params == 8 * 27 + 16 + 8 * 4 + 4
    assert cost(small_network).macs == 16 * 16 * (8 * 27 + 8 * 4)
    assert small_network.at(32).image_size == 32


def test_dropout_before_or_after_the_hidden_layers():
    def places(first):
        ops = ops_of(network(Stage(Conv(), out=8), head=FlatHead(hidden=(6,), dropout_first=first)))
        return ops.index("Dropout"), ops.index("Linear")

    assert places(True)[0] < places(True)[1]
    assert places(False)[0] > places(False)[1]
    assert "Dropout" not in ops_of(network(head=Head()))
