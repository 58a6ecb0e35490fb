"""A network with its first weights, for proxies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nas.module.network import Network
    from search_spaces import Architecture

SEED = 0


@contextmanager
def untrained(network: Architecture) -> Iterator[Network]:
    """The network in train mode, without dropout, drop-path and auxiliary classifiers; convolutions normal by fan-out
    (He et al. 2015). Random numbers drawn meanwhile are undone."""
    import torch

    from nas.module.network import build
    from nas.training.tables import INITIALISATIONS

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        module = build(network, dropout=0.0, drop_path=0.0)
        for layer in module.modules():
            if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
                INITIALISATIONS["kaiming"](layer)
        yield module.train()
