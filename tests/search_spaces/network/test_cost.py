from __future__ import annotations

import random

import pytest

from search_spaces import Architecture, Conv, Head, MBConv, NoNorm, Stage, UserError, cost, load
from search_spaces.known.networks import names
from search_spaces.known.spaces import space
from search_spaces.network.architecture import trace_network
from search_spaces.network.cost import layers
from search_spaces.network.defaults import Defaults
from search_spaces.network.memory import peak_elements


def test_a_small_network_by_hand():
    network = Architecture(
        image_size=8,
        classes=3,
        stages=(Stage(Conv(kernel=3), out=4, stride=2), Stage(Conv(kernel=1), out=2)),
        head=Head(),
    )
    counted = cost(network)
    assert counted.params == (3 * 4 * 9 + 2 * 4) + (4 * 2 + 2 * 2) + (2 * 3 + 3)
    assert counted.macs == 4 * 4 * 4 * (3 * 9) + 4 * 4 * 2 * 4 + 2 * 3
    assert counted.activations == 4 * 4 * 4 + 4 * 4 * 2
    assert counted.bytes == 4 * counted.params
    # The image (3·8·8) and the first map (4·4·4) are alive at once; the norm's output needs one more map,
    # when the image is dead: 192 + 64 values are the most.
    assert counted.peak_bytes == 4 * (3 * 8 * 8 + 4 * 4 * 4)


def test_without_norms_convolutions_have_a_bias():
    network = Architecture(
        image_size=4, classes=2, stages=(Stage(Conv(kernel=1), out=5),), defaults=Defaults(norm=NoNorm())
    )
    assert cost(network).params == 3 * 5 + 5 + 5 * 2 + 2


@pytest.mark.parametrize("name", names())
def test_the_memo_agrees_with_the_whole_graph(name):
    network = load(name)
    graph = trace_network(network)
    counted = cost(network)
    assert counted.params == sum(node.params for node in graph.nodes)
    assert counted.macs == sum(node.macs for node in graph.nodes)
    assert counted.peak_bytes == 4 * peak_elements(graph, graph.outputs[0])
    assert sum(layer.macs for layer in layers(network)) == counted.macs


def test_the_memo_agrees_on_random_architectures():
    rng = random.Random(0)
    for name in ("mbconv", "nas-bench-macro"):
        for _ in range(20):
            architecture = space(name).sample(rng)
            graph = trace_network(architecture)
            assert cost(architecture).params == sum(node.params for node in graph.nodes)
            assert cost(architecture).macs == sum(node.macs for node in graph.nodes)
            assert cost(architecture).peak_bytes == 4 * peak_elements(graph, graph.outputs[0])


def test_a_default_that_changes_a_cost_is_not_mixed_up_in_the_memo():
    from dataclasses import replace

    normed = load("resnet-18")
    bare = replace(normed, defaults=replace(normed.defaults, norm=NoNorm()))
    assert cost(normed).params != cost(bare).params
    assert cost(normed).params == 11_689_512


def test_auxiliary_heads_are_counted_apart():
    counted = cost(load("googlenet"))
    assert (counted.params, counted.aux_params) == (6_624_904, 6_379_984)  # together torchvision's 13,004,888


def test_one_module_of_inception_v3():
    """Mixed_6b of torchvision: 768 channels in and out at 17×17, 128 inside, batch norm on each convolution."""
    import torchvision

    from search_spaces import InceptionC
    from search_spaces.network.cost import block_cost
    from search_spaces.network.graph import Position

    module = torchvision.models.inception.InceptionC(768, channels_7x7=128)
    (params, _, _, _), shape = block_cost(InceptionC(inner=128), (768, 17, 17), 768, 1, Position(), Defaults())
    assert params == sum(weight.numel() for weight in module.parameters())
    assert shape == (768, 17, 17)


def test_a_network_of_which_no_floating_point_number_can_be_made_is_refused():
    wide = Architecture(stages=(Stage(MBConv(expand_ratio=1e300), out=8),), head=Head())
    with pytest.raises(UserError, match="a network may have 1e100 parameters and multiply-adds at most"):
        cost(wide)
