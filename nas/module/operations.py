"""What computes one node of a graph: a module where it has weights or differs between training and evaluation, else a
function. One entry for each primitive operation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nas.module.activations import ACTS
from nas.module.layers import (
    DepthwiseConv,
    DropPath,
    GainLayer,
    PaddedConv,
    PointwiseConv,
    StandardizedConv,
    padded,
)
from search_spaces.network import ops
from search_spaces.network.graph import Node


def operation(node: Node, inplace: bool, rate: float) -> Callable[..., Tensor]:
    """The module or function of one node; ``inplace`` lets an activation overwrite its input, ``rate`` is that of a
    dropout or drop-path."""
    if isinstance(node.op, ops.Act):
        return partial(ACTS[node.op.function], inplace=inplace)
    return OPERATIONS[type(node.op)](node.op, node, rate)


def _conv(op: ops.Conv, node: Node) -> nn.Module:
    same = isinstance(op.padding, str)
    options: dict[str, Any] = {
        "stride": op.stride,
        "padding": 0 if same else op.padding,
        "dilation": op.dilation,
        "groups": op.groups,
        "bias": op.bias,
    }
    channels = node.input_shapes[0][0]
    if op.standardize is not None:
        scale, eps = op.standardize, op.standardize_eps
        return StandardizedConv(channels, op.out, op.kernel, same=same, scale=scale, eps=eps, **options)
    return _kind(op, channels)(channels, op.out, op.kernel, **options)


def _kind(op: ops.Conv, channels: int) -> type[nn.Conv2d]:
    if isinstance(op.padding, str):
        return PaddedConv
    if _is_plain_depthwise(op, channels):
        return DepthwiseConv
    plain = op.stride == 1 and op.groups == 1 and op.padding == (0, 0)
    return PointwiseConv if op.kernel == (1, 1) and plain else nn.Conv2d


def _is_plain_depthwise(op: ops.Conv, channels: int) -> bool:
    height, width = op.kernel
    half = op.padding == (height // 2, width // 2)
    square = height == width and height % 2 == 1
    return square and half and op.dilation == 1 and channels == op.out == op.groups


def _pool(op: ops.Pool) -> Callable[[Tensor], Tensor]:
    if isinstance(op.padding, str):
        return partial(_same_pool, op=op)
    options: dict[str, Any] = {"padding": op.padding, "ceil_mode": op.ceil}
    if op.mode == "max":
        return partial(F.max_pool2d, kernel_size=op.kernel, stride=op.stride, **options)
    options["count_include_pad"] = op.count_include_pad
    return partial(F.avg_pool2d, kernel_size=op.kernel, stride=op.stride, **options)


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


def _concat(*parts: Tensor) -> Tensor:
    return torch.cat(parts, dim=1)


def _unflatten(x: Tensor) -> Tensor:
    return x[:, :, None, None]


def _nothing(x: Tensor) -> Tensor:
    return x


OPERATIONS: dict[type[ops.Op], Callable[[Any, Node, float], Callable[..., Tensor]]] = {
    ops.Conv: lambda op, node, rate: _conv(op, node),
    ops.Linear: lambda op, node, rate: nn.Linear(node.input_shapes[0][0], op.out, bias=op.bias),
    ops.BatchNorm: lambda op, node, rate: nn.BatchNorm2d(node.shape[0], eps=op.eps, momentum=op.momentum),
    ops.LocalResponseNorm: lambda op, node, rate: partial(_local_response_norm, op=op),
    ops.Pool: lambda op, node, rate: _pool(op),
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
