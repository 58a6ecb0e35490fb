"""From a graph to a torch module: one ordinary class that walks the nodes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nas.module.layers import DepthwiseConv, GainLayer, PaddedConv, StandardizedConv, padded
from search_spaces import Architecture
from search_spaces.network import ops
from search_spaces.network.architecture import trace_network
from search_spaces.network.drop_rates import drop_rates
from search_spaces.network.graph import Graph, Node
from search_spaces.network.memory import in_place


def build(
    architecture: Architecture,
    *,
    training: bool = False,
    dropout: float | None = None,
    drop_path: float | None = None,
) -> Network:
    """The architecture as a module with torch's default initialisation.

    It maps (N, in_channels, height, width) to logits (N, classes); with ``training`` it has the auxiliary
    classifiers too and, in train mode, returns (logits, [logits of each aux]). ``dropout`` and ``drop_path``
    override the architecture's rates. Without ``training``, parameters equal ``cost(architecture).params``.
    """
    g = trace_network(architecture, training)
    return Network(g, drop_rates(architecture, g, dropout, drop_path))


class Network(nn.Module):
    """A graph as a module. Submodules nest by the trace's scopes, in the order of execution.

    The forward pass walks the nodes and frees each value after its last reader; activations overwrite their
    input where it has no other reader.
    """

    def __init__(self, graph: Graph, rates: dict[int, float]) -> None:
        super().__init__()
        self.outputs = tuple(graph.outputs)
        self._steps: list[tuple[int, tuple[int, ...], Any, tuple[int, ...]]] = []
        inplace = in_place(graph)
        last = _last_readers(graph)
        for index, node in enumerate(graph.nodes):
            if isinstance(node.op, ops.Input):
                continue
            step = self._step(node, index in inplace, rates.get(index, 0.0))
            freed = tuple(source for source in set(node.inputs) if last[source] == index)
            self._steps.append((index, node.inputs, step, freed))

    def _step(self, node: Node, inplace: bool, rate: float) -> Any:
        """A function of the inputs, or (parent module, name) of the leaf that does it."""
        if isinstance(node.op, ops.Act):
            return partial(ACTS[node.op.function], inplace=inplace)
        leaf = _leaf(node, rate)
        if not isinstance(leaf, nn.Module):
            return leaf
        *scope, name = node.name.split(".")
        parent: nn.Module = self
        for part in scope:
            if part not in parent._modules:
                parent.add_module(part, nn.Module())
            parent = parent.get_submodule(part)
        parent.add_module(name, leaf)
        return parent, name

    def forward(self, x: Tensor) -> Any:
        values: dict[int, Tensor] = {0: x}
        auxiliary = self.outputs[1:]
        for index, inputs, step, freed in self._steps:
            function = getattr(step[0], step[1]) if isinstance(step, tuple) else step
            values[index] = function(*[values[source] for source in inputs])
            for source in freed:
                del values[source]
            if index == self.outputs[0] and not (auxiliary and self.training):
                return values[index]
        return values[self.outputs[0]], [values[output] for output in auxiliary]

    def values(self, x: Tensor) -> dict[int, Tensor]:
        """What every node computes, by node index; nothing is overwritten."""
        values: dict[int, Tensor] = {0: x}
        for index, inputs, step, _ in self._steps:
            function = getattr(step[0], step[1]) if isinstance(step, tuple) else step
            values[index] = function(*[values[source].clone() for source in inputs])
        return values


def _last_readers(graph: Graph) -> dict[int, int]:
    last = {source: index for index, node in enumerate(graph.nodes) for source in node.inputs}
    return {**last, **dict.fromkeys(graph.outputs, len(graph.nodes))}


def _sigmoid(x: Tensor, inplace: bool) -> Tensor:
    return x.sigmoid_() if inplace else x.sigmoid()


def _tanh(x: Tensor, inplace: bool) -> Tensor:
    return x.tanh_() if inplace else x.tanh()


def _gelu(x: Tensor, inplace: bool) -> Tensor:
    return F.gelu(x)


ACTS: dict[str, Callable[..., Tensor]] = {
    "relu": F.relu,
    "relu6": F.relu6,
    "silu": F.silu,
    "hard_swish": F.hardswish,
    "gelu": _gelu,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "hard_sigmoid": F.hardsigmoid,
}


def _conv(op: ops.Conv, node: Node) -> nn.Module:
    symmetric = not isinstance(op.padding, str)
    options: dict[str, Any] = {
        "stride": op.stride,
        "padding": op.padding if symmetric else 0,
        "dilation": op.dilation,
        "groups": op.groups,
        "bias": op.bias,
    }
    channels = node.input_shapes[0][0]
    if op.standardize is not None:
        scale, eps = op.standardize, op.standardize_eps
        return StandardizedConv(channels, op.out, op.kernel, same=not symmetric, scale=scale, eps=eps, **options)
    kind = DepthwiseConv if _is_plain_depthwise(op, channels) else nn.Conv2d if symmetric else PaddedConv
    return kind(channels, op.out, op.kernel, **options)


def _is_plain_depthwise(op: ops.Conv, channels: int) -> bool:
    height, width = op.kernel
    half = op.padding == (height // 2, width // 2)
    square = height == width and height % 2 == 1
    return square and half and op.dilation == 1 and channels == op.out == op.groups


def _pool(op: ops.Pool, node: Node) -> Callable[[Tensor], Tensor]:
    if isinstance(op.padding, str):
        return partial(_same_pool, op=op)
    if op.mode == "max":
        return partial(F.max_pool2d, kernel_size=op.kernel, stride=op.stride, padding=op.padding, ceil_mode=op.ceil)
    return partial(
        F.avg_pool2d,
        kernel_size=op.kernel,
        stride=op.stride,
        padding=op.padding,
        ceil_mode=op.ceil,
        count_include_pad=op.count_include_pad,
    )


def _same_pool(x: Tensor, op: ops.Pool) -> Tensor:
    """TensorFlow's "same": padding found from the input; an average counts no padding."""
    if op.mode == "max":
        x = padded(x, op.kernel, op.stride, value=float("-inf"))
        return F.max_pool2d(x, op.kernel, op.stride)
    inside = padded(torch.ones_like(x[:1, :1]), op.kernel, op.stride)
    total = F.avg_pool2d(padded(x, op.kernel, op.stride), op.kernel, op.stride)
    return total if op.count_include_pad else total / F.avg_pool2d(inside, op.kernel, op.stride)


def _local_response_norm(x: Tensor, op: ops.LocalResponseNorm) -> Tensor:
    """torch takes the mean over the window where the paper takes the sum, and has no kernel for half floats."""
    wide = x.float() if x.dtype.itemsize < 4 else x
    return F.local_response_norm(wide, op.size, alpha=op.alpha * op.size, beta=op.beta, k=op.k).to(x.dtype)


def _drop_path(x: Tensor, rate: float) -> Tensor:
    """Drop whole images' branches, scaled to keep the mean (Huang et al. 2016)."""
    kept = torch.rand((x.shape[0], 1, 1, 1), device=x.device) >= rate
    return x * (kept / (1 - rate)).to(x.dtype)


class DropPath(nn.Module):
    """Stochastic depth, in train mode only."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        return _drop_path(x, self.rate) if self.training else x


def _nothing(x: Tensor) -> Tensor:
    return x


def _leaf(node: Node, rate: float) -> Any:
    """The module or function of one node; one entry for each primitive operation."""
    return LEAVES[type(node.op)](node.op, node, rate)


LEAVES: dict[type[ops.Op], Callable[[Any, Node, float], Any]] = {
    ops.Conv: lambda op, node, rate: _conv(op, node),
    ops.Linear: lambda op, node, rate: nn.Linear(node.input_shapes[0][0], op.out, bias=op.bias),
    ops.BatchNorm: lambda op, node, rate: nn.BatchNorm2d(node.shape[0], eps=op.eps, momentum=op.momentum),
    ops.LocalResponseNorm: lambda op, node, rate: partial(_local_response_norm, op=op),
    ops.Pool: lambda op, node, rate: _pool(op, node),
    ops.AdaptivePool: lambda op, node, rate: partial(F.adaptive_avg_pool2d, output_size=op.size),
    ops.Add: lambda op, node, rate: torch.add,
    ops.Mul: lambda op, node, rate: torch.mul,
    ops.Concat: lambda op, node, rate: _concat,
    ops.Scale: lambda op, node, rate: partial(torch.mul, other=op.factor),
    ops.Gain: lambda op, node, rate: GainLayer(op.start),
    ops.Flatten: lambda op, node, rate: partial(torch.flatten, start_dim=1),
    ops.Unflatten: lambda op, node, rate: _unflatten,
    ops.Dropout: lambda op, node, rate: nn.Dropout(rate) if rate else _nothing,
    ops.DropPath: lambda op, node, rate: DropPath(rate) if rate else _nothing,
}


def _concat(*parts: Tensor) -> Tensor:
    return torch.cat(parts, dim=1)


def _unflatten(x: Tensor) -> Tensor:
    return x[:, :, None, None]
