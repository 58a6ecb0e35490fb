"""What must hold for every block, by itself for a new one: the table of blocks is the list of cases."""

from __future__ import annotations

import pytest
import torch
from battery.strategies import networks
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nas.module.measures import fvcore_macs
from nas.module.network import build
from search_spaces import BLOCKS, UserError, cost, digest
from search_spaces.files.codec import from_data, to_data
from search_spaces.files.strict_yaml import dump, parse
from search_spaces.network.architecture import trace_network

KINDS = tuple(BLOCKS)
few = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def fitting(data, kind):
    """A random network whose fields fit together; combinations that are refused are drawn again."""
    network = data.draw(networks(kind))
    try:
        trace_network(network)
    except UserError:
        assume(False)
    return network


def node_shapes(network, module, x):
    """Shape of each node's output as torch computes it, by the steps of the module."""
    values = {0: x}
    for index, inputs, step, _ in module._steps:
        function = getattr(step[0], step[1]) if isinstance(step, tuple) else step
        values[index] = function(*[values[source].clone() for source in inputs])
    return {index: tuple(value.shape[1:]) for index, value in values.items()}


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_counts_and_shapes_are_those_of_torch_and_fvcore(kind, data):
    network = fitting(data, kind)
    module = build(network).eval()
    x = torch.randn(2, 3, network.image_size, network.image_size)
    assert module(x).shape == (2, network.classes)
    assert sum(weight.numel() for weight in module.parameters()) == cost(network).params
    assert fvcore_macs(network).macs == cost(network).macs
    nodes = trace_network(network).nodes
    with torch.no_grad():
        assert node_shapes(network, module, x) == {index: node.shape for index, node in enumerate(nodes)}
    assert sum(node.params for node in nodes) == cost(network).params
    assert sum(node.macs for node in nodes) == cost(network).macs


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_files_keep_equality_and_digest(kind, data):
    network = fitting(data, kind)
    again = from_data(parse(dump(to_data(network))))
    assert again == network
    assert hash(again) == hash(network)
    assert digest(again) == digest(network)


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_nodes_and_weights_are_the_same_at_every_image_size(kind, data):
    network = fitting(data, kind)
    told = [
        [(node.op, node.inputs, node.weights) for node in trace_network(network.at(size)).nodes[1:]]
        for size in (network.image_size, 24, 33)
    ]
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_gradients_reach_every_parameter(kind, data):
    network = fitting(data, kind)
    torch.manual_seed(0)
    module = build(network, dropout=0.0, drop_path=0.0).double().train()
    for weight in module.parameters():
        weight.data.uniform_(0.1, 1.0)
    x = torch.rand(4, 3, network.image_size, network.image_size, dtype=torch.float64)
    outputs = module(x)
    (outputs * torch.randn_like(outputs)).sum().backward()
    normed = {name.removesuffix(".norm.weight") + ".conv.bias" for name, _ in module.named_parameters()}
    normed |= {name.replace("norm.weight", "conv.bias") for name, _ in module.named_parameters()}
    silent = [name for name, weight in module.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert [name for name in silent if name not in normed] == []


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_channels_last_and_bfloat16_run(kind, data):
    network = fitting(data, kind)
    x = torch.randn(2, 3, network.image_size, network.image_size)
    module = build(network).eval()
    with torch.no_grad():
        plain = module(x)
        last = module.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
        half = module.to(torch.bfloat16)(x.to(torch.bfloat16))
    assert torch.allclose(plain, last, rtol=1e-3, atol=1e-4)
    assert half.dtype == torch.bfloat16
    assert half.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_activations_in_place_change_nothing(kind, data):
    """The same values with every activation out of place: what is overwritten is not read again."""
    network = fitting(data, kind)
    module = build(network).double().eval()
    x = torch.randn(2, 3, network.image_size, network.image_size, dtype=torch.float64)
    with torch.no_grad():
        expected = module(x.clone())
        values = {0: x}
        for index, inputs, step, _ in module._steps:
            function = getattr(step[0], step[1]) if isinstance(step, tuple) else step
            values[index] = function(*[values[source].clone() for source in inputs])
    assert torch.equal(expected, values[module.outputs[0]])


CHECKS = (
    test_counts_and_shapes_are_those_of_torch_and_fvcore,
    test_files_keep_equality_and_digest,
    test_nodes_and_weights_are_the_same_at_every_image_size,
    test_gradients_reach_every_parameter,
    test_channels_last_and_bfloat16_run,
    test_activations_in_place_change_nothing,
)


@pytest.mark.long
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_many_random_networks(kind, check):
    """The checks above on ten times as many networks."""
    many = settings(few, max_examples=10 * few.max_examples)
    many(given(data=st.data())(check.hypothesis.inner_test))(kind=kind)


def test_a_wrong_count_is_noticed(monkeypatch):
    """The comparison above can fail: a convolution that forgets its groups is caught."""
    from search_spaces.network import ops
    from search_spaces.network.cost import forget_costs

    def ungrouped(self, out, *inputs):
        return out[0] * out[1] * out[2] * inputs[0][0] * self.kernel[0] * self.kernel[1]

    from search_spaces import load

    network = load("efficientnet-b0").at(32, 10)
    truth = fvcore_macs(network).macs
    try:
        monkeypatch.setattr(ops.Conv, "macs", ungrouped)
        forget_costs()
        assert cost(network).macs != truth
    finally:
        monkeypatch.undo()
        forget_costs()
    assert cost(network).macs == truth
