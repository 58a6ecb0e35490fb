"""What computes each activation of the language, in place where it is told to."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F


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
