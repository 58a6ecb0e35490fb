"""Batches of a split as a training has them."""

from __future__ import annotations

from nas.training.batches import normalised, statistics


def batches(split, data, side, in_channels, device="cpu"):
    return normalised(split, statistics(data, in_channels), side, in_channels, device)
