"""Time and memory of a forward pass."""

from __future__ import annotations

import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from nas.module.memory import enough_memory, peak_bytes, reset_peak
from nas.module.network import build
from nas.module.threads import threads as using
from search_spaces import Architecture


@dataclass(frozen=True)
class Latency:
    """Times of one forward pass of ``batch`` images in milliseconds over ``runs`` runs after warming up.

    ``images_per_second`` is by the median. ``peak_bytes`` is the most memory in use above that before building,
    weights included: of the GPU as torch allocated it, else of the process (None where the system does not say).
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


def latency(
    architecture: Architecture,
    device: str = "cpu",
    batch: int = 1,
    *,
    runs: int = 30,
    warm_up: int = 5,
    dtype: str = "float32",
    threads: int | None = None,
) -> Latency:
    """Time ``runs`` forward passes of ``batch`` images, after ``warm_up`` that are not timed.

    The module has random weights, is in evaluation mode and channels_last, its weights and images in ``dtype``
    (float32 or bfloat16); on the CPU it runs with so many ``threads`` of torch (None: as many as are set). Raises
    UserError where memory does not suffice.
    """
    with using(threads), enough_memory(f"{architecture.image_size} px, batch {batch}"):
        before = reset_peak(device)
        times = _times(architecture, device, batch, runs, warm_up, getattr(torch, dtype))
        peak = peak_bytes(device)
        median = statistics.median(times)
        return Latency(
            median_ms=median,
            p5_ms=times[int(0.05 * (runs - 1))],
            p95_ms=times[round(0.95 * (runs - 1))],
            batch=batch,
            runs=runs,
            device=str(torch.empty(0, device=device).device),
            images_per_second=batch / median * 1e3,
            peak_bytes=None if before is None or peak is None else max(0, peak - before),
            dtype=dtype,
            threads=torch.get_num_threads(),
            processor=torch.cuda.get_device_name(device) if device.startswith("cuda") else _processor(),
        )


def _times(
    architecture: Architecture, device: str, batch: int, runs: int, warm_up: int, dtype: torch.dtype
) -> list[float]:
    """Milliseconds of each run, shortest first."""
    module = build(architecture).eval().to(device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    shape = (batch, architecture.in_channels, architecture.image_size, architecture.image_size)
    x = torch.randn(shape, device=device, dtype=dtype).to(memory_format=torch.channels_last)
    timed = _timed_on_gpu if x.is_cuda else _timed
    with torch.inference_mode():
        return sorted([timed(module, x) for _ in range(warm_up + runs)][warm_up:])


def _timed(module: nn.Module, x: Tensor) -> float:
    """Milliseconds of one forward pass."""
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


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
