"""Where each pixel of an augmented image comes from."""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor
from torch.nn import functional as F

from nas.training.draws import Draws
from nas.training.recipe import Recipe


def source_pixels(side: int, draws: Draws, recipe: Recipe) -> tuple[Tensor, Tensor]:
    """Rows and columns (N, side) of the stored image that make the flipped and shifted one; what a shift leaves
    open is mirrored."""
    count, device = len(draws.index), draws.device
    rows = columns = torch.arange(side, device=device).expand(count, side)
    if recipe.flip:
        columns = torch.where(draws.uniform("flip")[:, None] < 0.5, side - 1 - columns, columns)
    max_shift = round(recipe.crop * side)
    if max_shift:
        rows = _mirrored(rows + (draws.integers("crop y", 2 * max_shift + 1) - max_shift)[:, None], side)
        columns = _mirrored(columns + (draws.integers("crop x", 2 * max_shift + 1) - max_shift)[:, None], side)
    return rows, columns


def _mirrored(place: Tensor, side: int) -> Tensor:
    place = place.abs()
    return torch.where(place >= side, 2 * (side - 1) - place, place)


def is_affine(recipe: Recipe) -> bool:
    """Whether pixels come from between the stored ones."""
    return any((recipe.shift, recipe.scale, recipe.rotate, recipe.resized_crop))


def affine(draws: Draws, recipe: Recipe) -> Tensor:
    """Matrices (N, 2, 3) from output to input coordinates: rotation, scale and shift; or a crop of a random area
    and aspect (Szegedy et al. 2015, sec. 6)."""
    angle = draws.signed("rotate") * (recipe.rotate * pi / 180)
    size = 1 + draws.signed("scale") * recipe.scale
    wide, high = size, size
    shift_x, shift_y = (draws.signed(f"shift {axis}") * 2 * recipe.shift for axis in "xy")
    if recipe.resized_crop:
        area = recipe.resized_crop + (1 - recipe.resized_crop) * draws.uniform("area")
        aspect = (draws.signed("aspect") * torch.log(torch.tensor(4 / 3))).exp().sqrt()
        wide, high = (wide * area.sqrt() * aspect).clamp(max=1), (high * area.sqrt() / aspect).clamp(max=1)
        shift_x = shift_x + draws.signed("place x") * (1 - wide)
        shift_y = shift_y + draws.signed("place y") * (1 - high)
    return matrices(angle.cos() * wide, -angle.sin() * high, shift_x, angle.sin() * wide, angle.cos() * high, shift_y)


def matrices(*entries: Tensor) -> Tensor:
    """Matrices (N, 2, 3) from their six entries (N,), row by row."""
    return torch.stack(entries, dim=1).view(-1, 2, 3)


def resampled(x: Tensor, theta: Tensor, side: int, padding: str) -> Tensor:
    """``x`` (N, C, H, W) seen through ``theta`` at ``side`` pixels; a larger image is made smaller first."""
    if side < x.shape[-1]:
        x = resized(x, side)
    grid = F.affine_grid(theta, [len(x), x.shape[1], side, side], align_corners=False)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def resized(x: Tensor, side: int) -> Tensor:
    """``x`` (N, C, H, W) at ``side`` pixels, averaged over what it loses."""
    if side == x.shape[-1]:
        return x
    return F.interpolate(x, (side, side), mode="bilinear", antialias=side < x.shape[-1], align_corners=False)
