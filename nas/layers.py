"""The few layers that torch does not have."""

from __future__ import annotations

from math import ceil
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


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
    """Depthwise convolution with half padding and stride 1 that, in training, leaves out the taps which only
    ever meet padding: on a map of side n a kernel reaches n - 1 to each side. The result is the same; on the
    1×1 maps of small proxies the backward pass of a 5×5 kernel is some hundred times faster."""

    def forward(self, x: Tensor) -> Tensor:
        side = max(x.shape[-2:])
        spare = self.kernel_size[0] // 2 - (side - 1)
        if not self.training or spare <= 0:
            return super().forward(x)
        weight = self.weight[:, :, spare:-spare, spare:-spare]
        if side == 1:
            y = x * weight.view(1, -1, 1, 1)
            return y if self.bias is None else y + self.bias.view(1, -1, 1, 1)
        return F.conv2d(x, weight, self.bias, padding=side - 1, groups=self.groups)


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
        y: Tensor = self._conv_forward(x, self.standardized(), self.bias)
        return y


class GainLayer(nn.Module):
    """Times a learnt scalar."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(float(start)))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gain
