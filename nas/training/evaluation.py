"""What a trained network gets right and wrong on a split."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nas.training.batches import Batches
from nas.training.distributed import summed, world
from nas.training.settings import Settings, autocast
from search_spaces.counting.intervals import wilson

TOP = 5
MAX_PAIRS = 10
AT_ONCE = 256  # images


@dataclass(frozen=True)
class Evaluation:
    """``top1`` and ``top5`` are shares of the images (0 to 1), ``top5`` None where there are five classes or fewer;
    ``loss`` is the mean cross-entropy in nats. ``per_class``: share of each class's images that are right,
    None for a class without images. ``confusion[true][predicted]`` counts images."""

    images: int
    top1: float
    top5: float | None
    loss: float
    per_class: tuple[float | None, ...]
    confusion: tuple[tuple[int, ...], ...]
    images_per_second: float

    @staticmethod
    def of(counts: dict[str, Tensor], seconds: float) -> Evaluation:
        """From the counts of :func:`count`, those of several processes summed, that took ``seconds``.

        Raises ValueError where no image was counted.
        """
        confusion = counts["confusion"].tolist()
        images = sum(map(sum, confusion))
        if images == 0:
            raise ValueError("an evaluation needs at least one image")
        right = [row[label] for label, row in enumerate(confusion)]
        return Evaluation(
            images=images,
            top1=sum(right) / images,
            top5=int(counts["top5"]) / images if len(confusion) > TOP else None,
            loss=float(counts["loss"]) / images,
            per_class=tuple(hit / sum(row) if any(row) else None for hit, row in zip(right, confusion, strict=True)),
            confusion=tuple(map(tuple, confusion)),
            images_per_second=images / max(seconds, 1e-9),
        )

    def facts(self, classes: tuple[str, ...]) -> dict[str, Any]:
        """Plain data, with the mean of the classes' shares (balanced top-1), the 95 % interval of top-1, classes by
        name from worst to best, and confused pairs."""
        rows = [
            {"class": name, "images": sum(row), "top1": share}
            for name, row, share in zip(classes, self.confusion, self.per_class, strict=True)
        ]
        pairs: list[dict[str, Any]] = [
            {"true": classes[i], "predicted": classes[j], "images": number}
            for i, row in enumerate(self.confusion)
            for j, number in enumerate(row)
            if i != j and number
        ]
        return {
            **asdict(self),
            "balanced_top1": fmean(share for share in self.per_class if share is not None),
            "top1_interval": wilson(round(self.top1 * self.images), self.images),
            "per_class": sorted(rows, key=lambda row: (row["top1"] is None, row["top1"])),
            "confused": sorted(pairs, key=lambda pair: -pair["images"])[:MAX_PAIRS],
        }


def at_once(side: int) -> int:
    """How many images of ``side`` pixels are evaluated together: up to 256, fewer where they are large."""
    return max(2, min(AT_ONCE, AT_ONCE * 224**2 // side**2))


def evaluate(
    module: nn.Module,
    split: Batches,
    settings: Settings,
    classes: int,
    batch: int | None = None,
    alive: Callable[[], None] | None = None,
) -> Evaluation:
    """Evaluate ``module``, in evaluation mode, on all images of ``split``, ``batch`` at once; processes that train
    together share them. ``alive`` is called after each batch.

    ``module`` maps images (N, C, H, W) to logits (N, ``classes``). Raises ValueError for a split without images.
    """
    start = time.perf_counter()
    sums = count(module, split, settings, classes, batch or at_once(split.side), alive)
    counts = {name: summed(total).cpu() for name, total in sums.items()}
    return Evaluation.of(counts, time.perf_counter() - start)


def count(
    module: nn.Module,
    split: Batches,
    settings: Settings,
    classes: int,
    batch: int = AT_ONCE,
    alive: Callable[[], None] | None = None,
) -> dict[str, Tensor]:
    """The sums behind an :class:`Evaluation` of this process's part of a split, on the device: ``confusion``
    (classes, classes), ``top5`` and ``loss``. Nothing waits for the device between batches."""
    device = torch.device(settings.device)
    confusion = torch.zeros(classes * classes, dtype=torch.int64, device=device)
    top5 = torch.zeros((), dtype=torch.int64, device=device)
    loss = torch.zeros((), dtype=torch.float64, device=device)
    module.eval()
    process = world()
    with torch.inference_mode():
        for x, labels in split.evaluation(batch, process.rank, process.size):
            with autocast(settings):
                logits = module(x).float()
            place = labels * classes + logits.argmax(1)
            confusion.scatter_add_(0, place, torch.ones_like(place))  # bincount would wait for its greatest value
            best = logits.topk(min(TOP, classes), dim=1).indices
            top5 += (best == labels[:, None]).sum()
            loss += F.cross_entropy(logits, labels, reduction="sum")
            if alive:
                alive()
    return {"confusion": confusion.view(classes, classes), "top5": top5, "loss": loss}
