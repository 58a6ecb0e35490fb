"""What is decided once, at the start, and then fixed: device, dtype, layout, batch, threads, sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from nas.training.recipe import Recipe
from search_spaces import Architecture, UserError


@dataclass(frozen=True)
class Settings:
    """``device`` is cpu or cuda; ``dtype`` that of the forward pass (bfloat16 by autocast on a GPU);
    ``image_size`` in pixels and ``epochs`` those of training."""

    device: str
    dtype: str
    channels_last: bool
    batch: int
    threads: int
    image_size: int
    epochs: int

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> Settings:
        return Settings(**data)

    def facts(self) -> dict[str, Any]:
        """What can change a result beside the network's own image size, for the training key."""
        own = ("device", "dtype", "channels_last", "batch", "threads", "epochs")
        return {name: getattr(self, name) for name in own}


def settings(
    recipe: Recipe,
    device: str = "auto",
    *,
    epochs: int | None = None,
    image_size: int | None = None,
    threads: int = 1,
) -> Settings:
    """Settings for a recipe on a device: ``auto`` is a GPU where there is one, else the CPU.

    Raises UserError for a device that is not there.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    kind = device.partition(":")[0]
    if kind not in ("cpu", "cuda"):
        raise UserError(f"must be auto, cpu or cuda, got {device!r}", "device")
    if kind == "cuda" and not torch.cuda.is_available():
        raise UserError(f"{device!r} was asked for, but torch finds no GPU", "device")
    return Settings(
        device=device,
        dtype="bfloat16" if kind == "cuda" else "float32",
        channels_last=True,
        batch=recipe.batch,
        threads=threads,
        image_size=image_size or recipe.image_size,
        epochs=epochs or recipe.epochs,
    )


def proxy(architecture: Architecture, recipe: Recipe, image_size: int, classes: int) -> Architecture:
    """The network as it is trained: at the proxy's image size, with the data's classes, and with the recipe's
    number of first strides made 1."""
    left = recipe.drop_strides
    rows = []
    for row in (*architecture.stem, *architecture.stages):
        drop = left > 0 and row.stride > 1
        rows.append(replace(row, stride=1) if drop else row)
        left -= drop
    stem = len(architecture.stem)
    return replace(architecture, stem=tuple(rows[:stem]), stages=tuple(rows[stem:])).at(image_size, classes)
