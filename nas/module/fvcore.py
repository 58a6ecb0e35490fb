"""What fvcore counts on the built module: the independent check of our own count."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nas.module.memory import enough_memory
from nas.module.network import build
from search_spaces import Architecture

# Operators that fvcore counts and our convention does not: normalisation and pooling.
NOT_COUNTED = ("batch_norm", "group_norm", "layer_norm", "instance_norm", "adaptive_avg_pool2d")


@dataclass(frozen=True)
class FvcoreCount:
    """``macs`` by our convention (normalisation and pooling as nothing), ``total`` by fvcore's own defaults."""

    macs: int
    total: int


def fvcore_macs(architecture: Architecture) -> FvcoreCount:
    """fvcore's count of one image in evaluation mode at the architecture's own size.

    The module is a throw-away one without memory for its weights. Raises RuntimeError where fvcore counts
    nothing for a layer with weights, so that nothing costly goes uncounted; UserError where memory does not suffice.
    """
    module = _weightless(architecture).eval()
    shape = (1, architecture.in_channels, architecture.image_size, architecture.image_size)
    with enough_memory(f"{architecture.image_size} px"):
        return count_module(module, torch.zeros(1).expand(shape))


def count_module(module: nn.Module, example: Tensor) -> FvcoreCount:
    """fvcore's count of any module on an example input (N, C, H, W)."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        logging.getLogger("fvcore").setLevel(logging.ERROR)
        from fvcore.nn import FlopCountAnalysis

        analysis = FlopCountAnalysis(module, example)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        by_operator = analysis.by_operator()
        by_module = analysis.by_module()
    for name, layer in module.named_modules():
        has_weights = any(weight.dim() > 1 for weight in layer.parameters(recurse=False))
        if has_weights and not by_module[name]:
            raise RuntimeError(f"fvcore counts nothing for {name}, which has weights")
    total = sum(by_operator.values())
    return FvcoreCount(int(total - sum(by_operator[name] for name in NOT_COUNTED)), int(total))


def _weightless(architecture: Architecture) -> nn.Module:
    """The module with every tensor expanded from one zero: fvcore's counts without the memory."""
    with torch.device("meta"):
        module = build(architecture)
    for parent in module.modules():
        for name, weight in parent.named_parameters(recurse=False):
            setattr(parent, name, nn.Parameter(_zeros(weight), requires_grad=False))
        for name, buffer in parent.named_buffers(recurse=False):
            setattr(parent, name, _zeros(buffer))
    return module


def _zeros(like: Tensor) -> Tensor:
    return torch.zeros((), dtype=like.dtype).expand(like.shape)
