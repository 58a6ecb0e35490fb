"""Torch's optimisers without what only torch.compile needs."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import torch

DECORATED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


@cache
def uncompiled(kind: type[torch.optim.Optimizer]) -> type[Any]:
    """The optimiser ``kind`` without the decorators through which torch.compile would see it: the first call of each
    imports torch._dynamo, 1.2 s of every process that trains. What they decorate is called as it is."""
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in DECORATED}
    return type(kind.__name__, (kind,), {**methods, "step": torch.no_grad()(inspect.unwrap(kind.step))})
