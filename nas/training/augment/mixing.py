"""Mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019): each image with its neighbour in the batch, by a share that
it draws."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nas.training.draws import Draws
from nas.training.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Mixed:
    """Images (N, C, H, W) with two labels each; ``share`` (N,) is the first label's weight, None where it is all."""

    x: Tensor
    labels: Tensor
    other: Tensor
    share: Tensor | None


def mixed(x: Tensor, labels: Tensor, draws: Draws, recipe: Recipe) -> Mixed:
    """The share ``recipe.mix`` of the images ``x`` mixed with the neighbour, in place, half of them by each way that
    has an alpha.

    Neighbours are the 2i-th and the (2i + 1)-th of the batch, so that a batch that is divided among processes at even
    places has the same ones.
    """
    x = x.contiguous()  # grey images have one channel in memory, however many the network wants
    partner = torch.arange(len(x), device=x.device) ^ 1
    partner = torch.where(partner < len(x), partner, partner - 1)
    drawn, share, parts = draws.uniform("mix"), torch.ones(len(x), device=x.device), []
    ways = [way for way, alpha in ((_cut, recipe.cutmix), (_faded, recipe.mixup)) if alpha]
    for number, way in enumerate(ways):
        low, high = recipe.mix * number / len(ways), recipe.mix * (number + 1) / len(ways)
        hit = ((drawn >= low) & (drawn < high)).nonzero().flatten()
        one, other = x.index_select(0, hit), x.index_select(0, partner[hit])
        part, share[hit] = way(one, other, replace(draws, index=draws.index[hit.cpu()]), recipe)
        parts.append((hit, part))
    for hit, part in parts:  # only now, so that each neighbour was taken unmixed
        x.index_copy_(0, hit, part)
    return Mixed(x, labels, labels[partner], share)


def _faded(x: Tensor, other: Tensor, draws: Draws, recipe: Recipe) -> tuple[Tensor, Tensor]:
    share = _beta(draws.uniform("mixup"), recipe.mixup)
    return torch.lerp(other, x, share.view(-1, 1, 1, 1)), share


def _cut(x: Tensor, other: Tensor, draws: Draws, recipe: Recipe) -> tuple[Tensor, Tensor]:
    """A box of the other image; the share is that of the pixels which are left."""
    side = x.shape[-1]
    half = (1 - _beta(draws.uniform("cutmix"), recipe.cutmix)).sqrt() * side / 2
    centres = torch.arange(side, device=x.device) + 0.5

    def inside(purpose: str) -> Tensor:
        return (centres[None] - draws.uniform(purpose)[:, None] * side).abs() < half[:, None]

    rows, columns = inside("cutmix y"), inside("cutmix x")
    box = rows[:, None, :, None] & columns[:, None, None, :]
    return torch.lerp(x, other, box.to(x.dtype)), 1 - rows.sum(1) * columns.sum(1) / (side * side)


def _beta(uniform: Tensor, alpha: float) -> Tensor:
    """Beta(alpha, alpha) by its inverse distribution function."""
    if alpha == 1:
        return uniform
    from scipy.special import betaincinv

    return torch.from_numpy(betaincinv(alpha, alpha, uniform.double().cpu().numpy())).to(uniform)
