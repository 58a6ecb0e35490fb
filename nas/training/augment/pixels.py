"""Changes of pixel values: each takes images (N, C, H, W) as floats 0 … 255 and an amount (N,) of its own for each
image."""

from __future__ import annotations

import torch
from torch import Tensor

from nas.training.draws import Draws
from nas.training.recipe import Recipe

LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601


def grey(x: Tensor) -> Tensor:
    """Luminance (N, 1, H, W) of one or three channels."""
    if x.shape[1] == 1:
        return x
    return (x * torch.tensor(LUMINANCE, dtype=x.dtype, device=x.device).view(1, 3, 1, 1)).sum(1, keepdim=True)


def blend(x: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    """``x`` at factor 1, ``other`` at 0, beyond ``x`` above 1; within 0 … 255."""
    return torch.lerp(other, x, factor.view(-1, 1, 1, 1)).clamp_(0, 255)


def brightness(x: Tensor, amount: Tensor) -> Tensor:
    return (x * (1 + amount).view(-1, 1, 1, 1)).clamp_(0, 255)


def contrast(x: Tensor, amount: Tensor) -> Tensor:
    return blend(x, grey(x).mean((1, 2, 3), keepdim=True), 1 + amount)


def saturation(x: Tensor, amount: Tensor) -> Tensor:
    return blend(x, grey(x), 1 + amount)


def sharpness(x: Tensor, amount: Tensor) -> Tensor:
    """Away from (or towards) a 3×3 blur of weight 5 in the middle and 1 around; the border keeps its values. Sums take
    a sixth of a depthwise convolution's time."""
    if min(x.shape[-2:]) <= 2:
        return x
    rows = x[..., 1:-1, :] + x[..., :-2, :] + x[..., 2:, :]
    sums = rows[..., 1:-1] + rows[..., :-2] + rows[..., 2:] + 4 * x[..., 1:-1, 1:-1]
    blurred = x.clone()
    blurred[..., 1:-1, 1:-1] = sums / 13
    return blend(x, blurred, 1 + amount)


def posterize(x: Tensor, bits: Tensor) -> Tensor:
    step = (2.0 ** (8 - bits.long())).view(-1, 1, 1, 1)
    return (x / step).floor() * step


def solarize(x: Tensor, threshold: Tensor) -> Tensor:
    """Invert what is as bright as the threshold (0 … 1), or brighter."""
    bright = (x >= 255 * threshold.view(-1, 1, 1, 1)).to(x.dtype)
    return torch.lerp(x, 255 - x, bright)  # torch.where takes ten times longer


def invert(x: Tensor, _: Tensor) -> Tensor:
    return 255 - x


def autocontrast(x: Tensor, _: Tensor) -> Tensor:
    """Each channel stretched to 0 … 255; a channel of one value is left as it is."""
    low, high = x.amin((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
    flat = low == high
    scale = torch.where(flat, 1.0, 255 / (high - low))
    return (x - torch.where(flat, 0.0, low)) * scale


def equalize(x: Tensor, _: Tensor) -> Tensor:
    from torchvision.transforms.v2 import functional

    evened: Tensor = functional.equalize(x.round().clamp(0, 255).to(torch.uint8))
    return evened.to(x.dtype)


def jittered(x: Tensor, draws: Draws, recipe: Recipe) -> Tensor:
    """Brightness, contrast and saturation, each changed by up to ± ``recipe.colour`` as a share."""
    for change in (brightness, contrast, saturation):
        x = change(x, draws.signed(change.__name__) * recipe.colour)
    return x


def erased(x: Tensor, draws: Draws, max_side: float) -> Tensor:
    """A square of up to ``max_side`` of the side of normalised images set to the mean, 0, at a place of its own in each
    (DeVries & Taylor 2017)."""
    side = x.shape[-1]
    centres = torch.arange(side, device=x.device) + 0.5
    half = draws.uniform("erase") * (max_side * side / 2)

    def inside(draw: Tensor) -> Tensor:
        return (centres[None] - draw[:, None] * side).abs() <= half[:, None]

    hit = inside(draws.uniform("erase y"))[:, None, :, None] & inside(draws.uniform("erase x"))[:, None, None, :]
    return x * ~hit
