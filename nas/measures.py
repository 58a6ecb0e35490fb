"""Measurements on the built module: fvcore's count and latency."""

from __future__ import annotations

import logging
import statistics
import time
import warnings
from dataclasses import dataclass

import torch
from torch import nn

from nas.network import build
from search_spaces import Architecture


@dataclass(frozen=True)
class FvcoreCount:
    """What fvcore counts on the module: ``macs`` by our convention (normalisation and pooling as nothing),
    ``total`` by its own defaults."""

    macs: int
    total: int


@dataclass(frozen=True)
class Latency:
    """Times of one forward pass in milliseconds over ``runs`` runs after warming up."""

    median_ms: float
    p5_ms: float
    p95_ms: float
    batch: int
    runs: int
    device: str


@dataclass(frozen=True)
class Measured:
    """Everything measured on one architecture."""

    fvcore: FvcoreCount
    latency: Latency


# Operators that fvcore counts and our convention does not: normalisation and pooling.
FREE = ("batch_norm", "group_norm", "layer_norm", "instance_norm", "adaptive_avg_pool2d")


def measure(architecture: Architecture, device: str = "cpu", batch: int = 1) -> Measured:
    """fvcore's count and the latency of one architecture."""
    return Measured(fvcore_macs(architecture), latency(architecture, device, batch))


def fvcore_macs(architecture: Architecture) -> FvcoreCount:
    """fvcore's count of one image in evaluation mode at the architecture's own size.

    The module is a throw-away one without memory for its weights. Raises RuntimeError where fvcore counts
    nothing for a layer with weights, so that nothing costly goes uncounted.
    """
    module = _weightless(architecture).eval()
    shape = (1, architecture.in_channels, architecture.image_size, architecture.image_size)
    return count_module(module, torch.zeros(1).expand(shape))


def count_module(module: nn.Module, example: torch.Tensor) -> FvcoreCount:
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
        weighs = any(weight.dim() > 1 for weight in layer.parameters(recurse=False))
        if weighs and not by_module[name]:
            raise RuntimeError(f"fvcore counts nothing for {name}, which has weights")
    free = sum(count for name, count in by_operator.items() if name in FREE)
    total = sum(by_operator.values())
    return FvcoreCount(int(total - free), int(total))


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


def _zeros(like: torch.Tensor) -> torch.Tensor:
    return torch.zeros((), dtype=like.dtype).expand(like.shape)


def latency(
    architecture: Architecture, device: str = "cpu", batch: int = 1, runs: int = 30, warm_up: int = 5
) -> Latency:
    """Time of a forward pass of ``batch`` images in evaluation mode, channels_last, float32."""
    module = build(architecture).eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    shape = (batch, architecture.in_channels, architecture.image_size, architecture.image_size)
    x = torch.randn(shape, device=device).to(memory_format=torch.channels_last)
    times = []
    with torch.inference_mode():
        for run in range(warm_up + runs):
            start = time.perf_counter()
            module(x)
            if x.is_cuda:
                torch.cuda.synchronize()
            times.append((time.perf_counter() - start) * 1e3 if run >= warm_up else 0.0)
    times = sorted(times[warm_up:])
    low, high = times[int(0.05 * (runs - 1))], times[round(0.95 * (runs - 1))]
    return Latency(statistics.median(times), low, high, batch, runs, str(x.device))
