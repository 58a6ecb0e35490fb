"""Everything that is measured on the built module of one architecture."""

from __future__ import annotations

from dataclasses import dataclass

from nas.module.fvcore import FvcoreCount, fvcore_macs
from nas.module.latency import Latency, latency
from search_spaces import Architecture


@dataclass(frozen=True)
class Measured:
    """fvcore's count, and the time and memory of a forward pass."""

    fvcore: FvcoreCount
    latency: Latency


def measure(architecture: Architecture, device: str = "cpu", batch: int = 1) -> Measured:
    """Count with fvcore and time on ``device``. Raises UserError where the network cannot be run there."""
    return Measured(fvcore_macs(architecture), latency(architecture, device, batch, steady=False))
