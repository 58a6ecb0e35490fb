"""What a trained network gets right and wrong on a split."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nas.training.loop import autocast
from nas.training.settings import Settings

TOP = 5


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


def evaluate(module: nn.Module, split: Any, fixed: Settings, classes: int) -> Evaluation:
    """Evaluate ``module``, in evaluation mode, on all images of ``split``, in batches of ``fixed.batch``.

    ``split.evaluation(batch)`` yields normalised images (N, C, H, W) and labels (N,) on the settings' device;
    ``module`` maps them to logits (N, ``classes``). Raises ValueError for a split without images.
    """
    start = time.perf_counter()
    counts = {name: each.cpu() for name, each in count(module, split, fixed, classes).items()}  # waits for the device
    return Evaluation.of(counts, time.perf_counter() - start)


def count(module: nn.Module, split: Any, fixed: Settings, classes: int) -> dict[str, Tensor]:
    """The sums behind an :class:`Evaluation`, on the device: ``confusion`` (classes, classes), ``top5`` and
    ``loss``. Those of parts of a split may be added. Nothing waits for the device between batches."""
    device = torch.device(fixed.device)
    confusion = torch.zeros(classes * classes, dtype=torch.int64, device=device)
    top5 = torch.zeros((), dtype=torch.int64, device=device)
    loss = torch.zeros((), dtype=torch.float64, device=device)
    module.eval()
    with torch.inference_mode():
        for x, labels in _pieces(split, fixed.batch):
            with autocast(fixed):
                logits = module(x).float()
            place = labels * classes + logits.argmax(1)
            confusion.scatter_add_(0, place, torch.ones_like(place))  # bincount would wait for its greatest value
            best = logits.topk(min(TOP, classes), dim=1).indices
            top5 += (best == labels[:, None]).sum()
            loss += F.cross_entropy(logits, labels, reduction="sum")
    return {"confusion": confusion.view(classes, classes), "top5": top5, "loss": loss}


def _pieces(split: Any, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Images and labels; by slices where the split has no ``evaluation`` of its own."""
    if hasattr(split, "evaluation"):
        yield from split.evaluation(batch)
        return
    for index in torch.arange(len(split), device=split.labels.device).split(batch):  # type: ignore[no-untyped-call]
        yield split.plain(index), split.labels[index]
