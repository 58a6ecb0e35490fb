"""Several processes that train one network, as `torchrun` starts them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn

PATIENCE = timedelta(hours=2)  # while the first process downloads and decodes


@dataclass(frozen=True)
class World:
    """This process among the ``size`` that train together."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes files and speaks."""
        return self.rank == 0


def world() -> World:
    """The processes that have joined, or this one alone."""
    if not distributed.is_available() or not distributed.is_initialized():
        return World()
    return World(distributed.get_rank(), distributed.get_world_size())


def processes() -> int:
    """How many processes `torchrun` has started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def joined(device: str) -> Iterator[str]:
    """Join the processes that `torchrun` started (gloo on CPUs, NCCL on GPUs); the device of this one. Alone, nothing
    is joined."""
    if processes() == 1:
        yield device
        return
    cuda = device.startswith("cuda")
    local = f"cuda:{os.environ['LOCAL_RANK']}" if cuda else device
    if cuda:
        torch.cuda.set_device(local)
    distributed.init_process_group("nccl" if cuda else "gloo", timeout=PATIENCE)
    try:
        yield local
    except BaseException as error:
        if not cuda:
            raise
        print(f"nas: {error or type(error).__name__}", file=sys.stderr, flush=True)
        os._exit(1)  # leaving NCCL in order would wait for processes that wait for this one
    distributed.destroy_process_group()


def summed(value: Tensor) -> Tensor:
    """The sum of ``value`` over all processes."""
    if world().size > 1:
        distributed.all_reduce(value)
    return value


def level(module: nn.Module) -> None:
    """Give all processes the first one's weights and statistics."""
    if world().size > 1:
        for value in module.state_dict().values():
            distributed.broadcast(value, 0)


def together() -> None:
    """Wait until all processes are here."""
    summed(torch.zeros((), device="cuda" if _on_gpus() else "cpu"))


def _on_gpus() -> bool:
    return world().size > 1 and distributed.get_backend() == "nccl"


def agreed(value: float) -> float:
    """The first process's value, in all of them."""
    if world().size == 1:
        return value
    local = torch.tensor([value], dtype=torch.float64)
    shared = local.cuda() if _on_gpus() else local
    distributed.broadcast(shared, 0)
    return float(shared)
