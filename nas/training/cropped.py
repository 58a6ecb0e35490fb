"""A split as weights from elsewhere want to see it: the centre of each image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from nas.data.centre_crop import CentreCrop
from nas.data.splits import Split, StreamedSplit
from nas.training.batches import Batches, normalised


@dataclass(frozen=True, eq=False)
class CroppedBatches(Batches):
    """Images in memory, of which only a centre crop is looked at."""

    centre_crop: CentreCrop

    def _floats(self, pixels: Tensor) -> Tensor:
        cropped: Tensor = self.centre_crop.of(pixels.permute(0, 3, 1, 2))
        return super()._floats(cropped.permute(0, 2, 3, 1))


def cropped(
    split: Split | StreamedSplit,
    centre_crop: CentreCrop,
    pixels: tuple[Sequence[float], Sequence[float]],
    side: int,
    in_channels: int,
    device: str,
) -> Batches:
    """As :func:`nas.training.batches.normalised`, of the centre crop of each image. Images that are read from their
    files are read so; those in memory are cropped from the squares that they are."""
    if isinstance(split, StreamedSplit):
        split = replace(split, side=centre_crop.crop, centre_crop=centre_crop)
        return normalised(split, pixels, side, in_channels, device)
    return CroppedBatches(**vars(normalised(split, pixels, side, in_channels, device)), centre_crop=centre_crop)
