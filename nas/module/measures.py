"""Measurements on the built module: fvcore's count, latency and memory."""

from __future__ import annotations

import ctypes
import gc
import logging
import platform
import statistics
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from nas.module.network import build
from search_spaces import Architecture


@dataclass(frozen=True)
class FvcoreCount:
    """What fvcore counts on the module: ``macs`` by our convention (normalisation and pooling as nothing),
    ``total`` by its own defaults."""

    macs: int
    total: int


@dataclass(frozen=True)
class Latency:
    """Times of one forward pass of ``batch`` images in milliseconds over ``runs`` runs after warming up.

    ``images_per_second`` is by the median. ``peak_bytes`` is the most memory in use above that before building,
    weights included: of the GPU as torch allocated it, else of the process (None where the system does not tell).
    ``threads`` are torch's on the CPU; ``processor`` is the name of the CPU or GPU.
    """

    median_ms: float
    p5_ms: float
    p95_ms: float
    batch: int
    runs: int
    device: str
    images_per_second: float
    peak_bytes: int | None
    dtype: str
    threads: int
    processor: str


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
    architecture: Architecture,
    device: str = "cpu",
    batch: int = 1,
    runs: int = 30,
    warm_up: int = 5,
    dtype: str = "float32",
) -> Latency:
    """Time of a forward pass of ``batch`` images in evaluation mode, channels_last, weights and images in
    ``dtype`` (float32 or bfloat16)."""
    before = _memory_reset(device)
    kind = getattr(torch, dtype)
    module = build(architecture).eval().to(device, kind, memory_format=torch.channels_last)  # type: ignore[call-overload]
    shape = (batch, architecture.in_channels, architecture.image_size, architecture.image_size)
    x = torch.randn(shape, device=device, dtype=kind).to(memory_format=torch.channels_last)
    timed = _timed_on_gpu if x.is_cuda else _timed
    with torch.inference_mode():
        times = sorted([timed(module, x) for _ in range(warm_up + runs)][warm_up:])
    peak = _memory_peak(device)
    median = statistics.median(times)
    return Latency(
        median_ms=median,
        p5_ms=times[int(0.05 * (runs - 1))],
        p95_ms=times[round(0.95 * (runs - 1))],
        batch=batch,
        runs=runs,
        device=str(x.device),
        images_per_second=batch / median * 1e3,
        peak_bytes=None if before is None or peak is None else max(0, peak - before),
        dtype=dtype,
        threads=torch.get_num_threads(),
        processor=torch.cuda.get_device_name(x.device) if x.is_cuda else _processor(),
    )


def _timed(module: nn.Module, x: Tensor) -> float:
    start = time.perf_counter()
    module(x)
    return (time.perf_counter() - start) * 1e3


def _timed_on_gpu(module: nn.Module, x: Tensor) -> float:
    """Milliseconds between two marks in the GPU's own queue."""
    with torch.cuda.device(x.device):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        start.record()
        module(x)
        end.record()
        end.synchronize()
    return float(start.elapsed_time(end))


def _memory_reset(device: str) -> int | None:
    """Bytes in use now; the peak is counted from here on."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.memory_allocated(device)
    _trim()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _status("VmRSS")


def _trim() -> None:
    """Give back what the process has freed and glibc keeps: used again, it would not show as growth."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        return  # another C library


def _memory_peak(device: str) -> int | None:
    return torch.cuda.max_memory_allocated(device) if device.startswith("cuda") else _status("VmHWM")


def _status(name: str) -> int | None:
    """A figure of this process in bytes, as Linux tells it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
