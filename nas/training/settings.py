"""What is decided once, at the start, and then settings: device, dtype, layout, batch, threads, sizes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from nas.machine import may_have_gpu
from nas.module.dtypes import DTYPES
from nas.training.recipe import Recipe
from search_spaces import Architecture, UserError
from search_spaces.network.architecture import trace_network
from search_spaces.network.ops import BatchNorm
from search_spaces.space.map_sizes import last_side


@dataclass(frozen=True)
class Settings:
    """``device`` is cpu or cuda; ``dtype`` that of the forward pass (by autocast, where it is not float32);
    ``image_size`` in pixels (None: the network's own) and ``epochs`` those of training. ``batch`` images make a step,
    over all ``processes``, each of which takes its part in ``accumulate`` gradient accumulation steps. ``sync_bn``:
    batch norms see the images of all processes. ``deterministic``: refuse algorithms that may differ from run to run.
    """

    device: str
    dtype: str
    channels_last: bool
    batch: int
    threads: int
    image_size: int | None
    epochs: int
    accumulate: int = 1
    compile: bool = False
    deterministic: bool = False
    processes: int = 1
    sync_bn: bool = False

    def __post_init__(self) -> None:
        if self.batch % self.share:
            what = f"{self.processes} processes with {self.accumulate} gradient accumulation steps each"
            raise UserError(f"must be a multiple of {self.share} for {what}, got {self.batch}", "batch")
        if self.sync_bn and not self.device.startswith("cuda"):
            raise UserError("is there on GPUs only", "sync_bn")

    @property
    def share(self) -> int:
        """What the images of a step must be a multiple of, so that all processes and gradient accumulation
        steps take as many, in pairs."""
        parts = self.processes * self.accumulate
        return 2 * parts if parts > 1 else 1

    def batch_of(self, images: int) -> int:
        """Images of a step out of so many: the batch, or all. Raises UserError where they cannot be shared."""
        if images < self.share:
            raise UserError(f"must be at least {self.share} for this batch to be shared, got {images}", "images")
        return min(self.batch, images - images % self.share)

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    def facts(self) -> dict[str, Any]:
        """What can change a result beside the network's own image size, for the training key."""
        return {name: value for name, value in self.to_data().items() if name != "image_size"}


def device_of(asked: str) -> str:
    """The device by torch's name; ``auto`` is a GPU where there is one, else the CPU. Raises UserError for another
    name, and for a GPU that is not there."""
    if asked == "cpu" or (asked == "auto" and not may_have_gpu()):
        return "cpu"
    import torch

    if asked == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = asked.partition(":")
    if kind not in ("cpu", "cuda") or (index and not index.isdecimal()):
        raise UserError(f"must be auto, cpu, cuda or cuda:N, got {asked!r}", "device")
    if kind == "cuda" and not torch.cuda.is_available():
        raise UserError(f"{asked!r} was asked for, but torch finds no GPU", "device")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        raise UserError(f"{asked!r} was asked for, but there are {torch.cuda.device_count()} GPUs", "device")
    return asked


def settings_for(
    recipe: Recipe,
    device: str = "auto",
    *,
    epochs: int | None = None,
    image_size: int | None = None,
    batch: int | None = None,
    threads: int = 1,
    dtype: str | None = None,
    **options: Any,
) -> Settings:
    """Settings for a recipe on a device (:func:`device_of`), by default at the network's own image size. ``options``
    are further fields of :class:`Settings`.

    Without a ``dtype`` it is float32 on the CPU, on a GPU bfloat16, or float16 where the GPU has no bfloat16. Raises
    UserError for a device that is not there and for what does not fit together.
    """
    device = device_of(device)
    kind = device.partition(":")[0]
    if dtype is None:
        dtype = "float32" if kind == "cpu" else _dtype_of_gpu()
    if dtype not in DTYPES or (kind == "cpu" and dtype == "float16"):
        raise UserError(f"must be one of {', '.join(DTYPES[: 2 if kind == 'cpu' else 3])}, got {dtype!r}", "dtype")
    return Settings(
        device=device,
        dtype=dtype,
        channels_last=True,
        batch=batch or recipe.batch,
        threads=threads,
        image_size=image_size,
        epochs=epochs or recipe.epochs,
        **options,
    )


def _dtype_of_gpu() -> str:
    import torch

    return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"


def trained_network(architecture: Architecture, recipe: Recipe, image_size: int | None, classes: int) -> Architecture:
    """The network as it is trained: with the data's classes, at the training's image size (None: its own).

    The recipe's number of first strides are made 1; and below the network's own size as many more as keep a last map of
    the recipe's ``min_map`` pixels.
    """
    strided = sum(row.stride > 1 for row in (*architecture.stem, *architecture.stages))
    is_smaller = image_size is not None and image_size < architecture.image_size
    most = strided if is_smaller and recipe.min_map else 0
    for count in range(recipe.drop_strides, most):
        network = _with_strides_dropped(architecture, count).at(image_size, classes)
        if _keeps_maps(network, recipe.min_map):
            return network
    return _with_strides_dropped(architecture, max(recipe.drop_strides, most)).at(image_size, classes)


def _keeps_maps(network: Architecture, side: int) -> bool:
    """Whether the last stage sees a map of at least so many pixels; not where no map is left at all."""
    try:
        last = last_side(network)
    except UserError:
        return False
    return last is None or last >= side


def _with_strides_dropped(architecture: Architecture, count: int) -> Architecture:
    rows = []
    for row in (*architecture.stem, *architecture.stages):
        drop = count > 0 and row.stride > 1
        rows.append(replace(row, stride=1) if drop else row)
        count -= drop
    stem = len(architecture.stem)
    return replace(architecture, stem=tuple(rows[:stem]), stages=tuple(rows[stem:]))


def check_batch(network: Architecture, images: int) -> None:
    """Raise UserError where so many images at a time are too few for the network's batch norms."""
    if images > 1:
        return
    for node in trace_network(network).nodes:
        if isinstance(node.op, BatchNorm) and set(node.shape[1:]) == {1}:
            rule = f"must be at least 2 for each step of gradient accumulation: {node.name} sees maps of one pixel"
            raise UserError(rule, "batch")


def autocast(settings: Settings) -> Any:
    """The settings' number format for a forward pass or a step of the optimiser, as a context."""
    import torch

    kind = settings.device.partition(":")[0]
    return torch.autocast(kind, dtype=getattr(torch, settings.dtype), enabled=settings.dtype != "float32")
