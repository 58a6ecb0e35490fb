"""Networks by their names, files or folders, for :mod:`nas`: built, measured, and given the weights of another."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from nas.module import copying, network
from nas.module.loading import load_architecture
from nas.module.measure import Measured
from nas.module.measure import measure as measured
from search_spaces import Architecture

Source = str | Path | Architecture
"""What a user may call a network: a known name, a file, a folder of a study or a training; or an architecture."""


def architecture_of(source: Source, blocks: str | None = None) -> Architecture:
    """The architecture, or that of the name, file or folder (:func:`nas.module.loading.load_architecture`)."""
    return source if isinstance(source, Architecture) else load_architecture(source, blocks)[1]


def build(
    source: Source,
    *,
    training: bool = False,
    dropout: float | None = None,
    drop_path: float | None = None,
    blocks: str | None = None,
) -> network.Network:
    """The network ``source`` as a torch module with random weights, from images (N, in_channels, height, width) to
    logits (N, classes).

    ``source`` is a known network, a file, the folder of a study or a training, or an architecture; ``blocks`` is a
    module of further blocks. The rest is :func:`nas.module.network.build`'s. Raises UserError where there is no such
    network.
    """
    architecture = architecture_of(source, blocks)
    return network.build(architecture, training=training, dropout=dropout, drop_path=drop_path)


def measure(
    source: Source, device: str = "cpu", batch: int = 1, *, image_size: int | None = None, blocks: str | None = None
) -> Measured:
    """Count the network ``source`` with fvcore, and time a forward pass of ``batch`` images on ``device`` (cpu, cuda or
    cuda:1): ``.fvcore.macs``, ``.latency.median_ms``, ``.latency.peak_bytes``.

    ``source`` is as for :func:`build`; ``image_size`` in pixels replaces its own. Raises UserError where there is no
    such network, or it cannot be run there.
    """
    return measured(architecture_of(source, blocks).at(image_size), device, batch)


def copy_weights(source: nn.Module, ours: nn.Module | Source, example: Tensor | None = None) -> nn.Module:
    """Copy weights and running statistics of another library's module of the same network into ``ours``, a module of
    :func:`build` or what it takes, which is then built. Returns ``ours``.

    ``example`` is a batch (N, C, H, W) to compare both on. Raises UserError where there is no such network, ValueError
    that names the first layer that nothing explains (:func:`nas.module.copying.copy_weights`).
    """
    return copying.copy_weights(source, ours if isinstance(ours, nn.Module) else build(ours), example)
