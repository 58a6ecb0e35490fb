"""What a training begins with: weights, frozen scopes, the module as the loop calls it, algorithms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from nas.data.dataset import Data
from nas.module.files import Trained
from nas.training.recipe import Recipe
from nas.training.settings import Settings
from search_spaces import Architecture, UserError
from search_spaces.files.codec import to_data

BODY = {"stem", "stages"}  # all but the classifiers


@dataclass(frozen=True)
class Start:
    """Weights to begin with, as ``fit(module)`` puts them in place, and the scopes that are not trained; ``digest``
    names both."""

    fit: Callable[[nn.Module], object]
    freeze: tuple[str, ...]
    digest: str


def begin(module: nn.Module, start: Start | None) -> list[nn.Module]:
    """Put the weights to begin with in place; the scopes that are frozen. Raises UserError for one that is none."""
    if start is None:
        return []
    start.fit(module)
    scopes = dict(module.named_modules())
    names = [scope for name in start.freeze for scope in ((set(scopes) & BODY) if name == "body" else [name])]
    for name in names:
        if name not in scopes:
            known = ", ".join(name for name, _ in module.named_children())
            raise UserError(
                f"must be body or a scope of the network ({known}, or one within, such as stages.0), got {name!r}",
                "freeze",
            )
        scopes[name].requires_grad_(False)
    if not any(weight.requires_grad for weight in module.parameters()):
        raise UserError("leaves nothing to train", "freeze")
    return [scopes[name] for name in names]


def wrapped(module: nn.Module, settings: Settings, size: int) -> Any:
    """The module as the loop calls it: compiled, and with gradients that are means over all processes."""
    if settings.compile:
        module = torch.compile(module)  # type: ignore[assignment]
    return DistributedDataParallel(module) if size > 1 else module


def trained_as(
    network: Architecture,
    data: Data,
    recipe: Recipe,
    settings: Settings,
    seed: int,
    pixels: tuple[list[float], list[float]],
) -> Trained:
    """What the weights of a training are of."""
    mean, deviation = (tuple(values * (network.in_channels // len(values))) for values in pixels)
    return Trained(
        architecture=to_data(network),
        name="network",
        classes=data.classes,
        image_size=network.image_size,
        in_channels=network.in_channels,
        mean=mean,
        deviation=deviation,
        dtype=settings.dtype,
        provenance={
            **{"recipe": recipe.name, "recipe_digest": recipe.digest, "seed": seed},
            **{"data": data.name, "data_digest": data.digest, "data_side": data.image_size},
        },
    )


@contextmanager
def algorithms(settings: Settings) -> Iterator[None]:
    """Only algorithms that repeat themselves, where that is asked for; else the fastest for these shapes."""
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    _use(settings.deterministic, not settings.deterministic)
    try:
        yield
    finally:
        _use(*before)


def _use(deterministic: bool, benchmark: bool) -> None:
    if deterministic != torch.are_deterministic_algorithms_enabled():  # the call imports torch._inductor: a second
        torch.use_deterministic_algorithms(deterministic)
    torch.backends.cudnn.benchmark = benchmark
