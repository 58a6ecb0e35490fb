"""The few layers that torch does not have."""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MAX_MATRIX_SIDE = 2  # pixels, up to which a depthwise convolution is trained as a matrix
MAX_PRODUCT_SIDE = 16  # pixels, up to which a pointwise convolution is trained as a product of matrices


def padded(x: Tensor, kernel: tuple[int, int], stride: int, dilation: int = 1, value: float = 0.0) -> Tensor:
    """``x`` (N, C, H, W) with TensorFlow's "same" padding: the odd pixel goes below and to the right."""
    needed = [
        max(0, (ceil(side / stride) - 1) * stride + dilation * (k - 1) + 1 - side)
        for side, k in zip(x.shape[-2:], kernel, strict=True)
    ]
    height, width = needed
    room = (width // 2, width - width // 2, height // 2, height - height // 2)
    return F.pad(x, room, value=value)


class DepthwiseConv(nn.Conv2d):
    """Depthwise convolution with half padding that, in training, does not run as one on the tiny maps of small
    proxies, where the backward pass of a convolution is up to some hundred times slower than its work.

    Taps which only ever meet padding are left out: on a map of side n a kernel reaches n - 1 to each side. Where
    the map has at most 2×2 pixels, it is a small matrix per channel from input to output pixels.
    """

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        if not self.training:
            return super().forward(x)
        if height == width <= MAX_MATRIX_SIDE:
            return self._as_matrix(x, height)
        spare = self.kernel_size[0] // 2 - (max(height, width) - 1)
        if spare <= 0:
            return super().forward(x)
        weight = self.weight[:, :, spare:-spare, spare:-spare]
        return F.conv2d(x, weight, self.bias, self.stride, max(height, width) - 1, groups=self.groups)

    def _as_matrix(self, x: Tensor, side: int) -> Tensor:
        """``x`` (N, C, side, side) times a matrix (inputs, outputs, C) picked from the kernel's taps."""
        outputs = -(-side // self.stride[0])
        index = _taps(side, self.kernel_size[0], self.stride[0], x.device)
        taps = F.pad(self.weight.flatten(1), (0, 1)).t()[index]  # the last tap is 0
        pixels = x.permute(0, 2, 3, 1).reshape(len(x), side * side, 1, -1)
        y = (pixels * taps.to(x.dtype)).sum(1)
        if self.bias is not None:
            y = y + self.bias.to(x.dtype)
        return y.view(len(x), outputs, outputs, -1).permute(0, 3, 1, 2)


@lru_cache(maxsize=64)
def _taps(side: int, kernel: int, stride: int, device: torch.device) -> Tensor:
    """Which tap leads from each input pixel to each output pixel, (side², outputs²); kernel² where none does."""
    reach, outputs = kernel // 2, range(0, side, stride)
    offsets = [
        [[y - v + reach, x - u + reach] for v in outputs for u in outputs] for y in range(side) for x in range(side)
    ]
    tap = torch.tensor(offsets)
    inside = ((tap >= 0) & (tap < kernel)).all(-1)
    return torch.where(inside, tap[..., 0] * kernel + tap[..., 1], kernel * kernel).to(device)


class PointwiseConv(nn.Conv2d):
    """1×1 convolution that, in training on a CPU, runs as a product of matrices on small maps: one to five times as
    fast in float32, one to thirteen times in bfloat16."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not x.is_cpu or max(x.shape[-2:]) > MAX_PRODUCT_SIDE:
            return super().forward(x)
        return F.linear(x.permute(0, 2, 3, 1), self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)


class PaddedConv(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding, explicit so that every counter sees the convolution."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(padded(x, self.kernel_size, self.stride[0], self.dilation[0]))  # type: ignore[arg-type]


class StandardizedConv(nn.Conv2d):
    """Convolution whose weights are standardised per output channel, times scale / √fan-in and a learnt gain
    (Brock et al. 2021, eq. 1)."""

    def __init__(self, *args: Any, same: bool, scale: float, eps: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gain = nn.Parameter(torch.ones(self.out_channels, 1, 1, 1))
        self.same = same
        self.scale = scale * self.weight[0].numel() ** -0.5
        self.eps = eps

    def standardized(self) -> Tensor:
        """The weights that the convolution uses, of the shape of ``weight``."""
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), correction=0, keepdim=True)
        standardized: Tensor = (self.weight - mean) * torch.rsqrt(variance + self.eps) * (self.scale * self.gain)
        return standardized

    def forward(self, x: Tensor) -> Tensor:
        if self.same:
            x = padded(x, self.kernel_size, self.stride[0], self.dilation[0])  # type: ignore[arg-type]
        weight = self.standardized()
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class DropPath(nn.Module):
    """Stochastic depth in train mode: drops whole images' branches, scaled to keep the mean (Huang et al. 2016)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = torch.rand((x.shape[0], 1, 1, 1), device=x.device) >= self.rate
        return x * (kept / (1 - self.rate)).to(x.dtype)


class GainLayer(nn.Module):
    """Times a learnt scalar."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(float(start)))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gain
