"""Images that are decoded while the network trains, by processes of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from nas.data.splits import StreamedSplit
from nas.machine import cores
from search_spaces import UserError

MAX_WORKERS = 16
PREFETCH = 2  # batches that each worker is ahead


@dataclass(frozen=True, eq=False)
class _Decoded(Dataset[Any]):
    """Images (H, W, C), or the error of one that cannot be read."""

    split: StreamedSplit

    def __getitem__(self, index: int) -> Tensor | UserError:
        try:
            return torch.tensor(self.split.read(index).transpose(1, 2, 0))
        except UserError as error:
            return error


def streamed(split: StreamedSplit, indices: Sequence[Tensor], device: torch.device) -> Iterator[Tensor]:
    """Batches (n, H, W, C) uint8 on the device, one for each of ``indices``, read ahead by worker processes.

    Raises UserError that names an image which cannot be read.
    """
    loader: DataLoader[Any] = DataLoader(
        _Decoded(split),
        batch_sampler=[index.tolist() for index in indices],
        num_workers=min(MAX_WORKERS, cores()),
        prefetch_factor=PREFETCH,
        collate_fn=_together,
        pin_memory=device.type == "cuda",
    )
    for batch in loader:
        if isinstance(batch, UserError):
            raise batch
        yield batch.to(device, non_blocking=True)


def _together(images: list[Any]) -> Any:
    return next((image for image in images if isinstance(image, UserError)), None) or torch.stack(images)
