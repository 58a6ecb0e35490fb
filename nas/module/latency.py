"""Time and memory of a forward pass."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from nas.module.memory import enough_memory, peak_bytes, reset_peak
from nas.module.network import build
from nas.module.threads import faster_count
from nas.module.threads import threads as using
from search_spaces import Architecture, UserError

MAX_SPREAD = 1.5  # of the 95th percentile to the median
MIN_SHARE = 0.8  # of the time that a single thread must have had a core
PAUSES = (0.5, 2.0, 5.0)  # seconds before each further measurement, which is twice as long as the one before it


@dataclass(frozen=True)
class Latency:
    """Times of one forward pass of ``batch`` images in milliseconds over ``runs`` runs after warming up.

    ``images_per_second`` is by the median. ``peak_bytes`` is the most memory in use above that before building,
    weights included: of the GPU as torch allocated it, else of the process (None where the system does not say).
    ``threads`` are torch's on the CPU; ``processor`` is the name of the CPU or GPU. ``core_share``: for how much of the
    time a single thread had a core (None for several, and on a GPU). It is the last of ``repeats`` measurements, of
    which those before it were not steady.
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
    core_share: float | None = None
    repeats: int = 1

    @property
    def disturbance(self) -> str | None:
        """What other work on the machine did to it, None where it is steady. A spread is no sign of work that goes on
        all the time; then a single thread has no core of its own."""
        if self.p95_ms > MAX_SPREAD * self.median_ms:
            times = f"{self.p95_ms / self.median_ms:.1f} times its median of {self.median_ms:.2f} ms"
            return f"the 95th percentile, {self.p95_ms:.2f} ms, is {times}, and may be {MAX_SPREAD:g} times that"
        if self.core_share is not None and self.core_share < MIN_SHARE:
            return f"its thread had a core for {self.core_share:.0%} of the time, and must have one for {MIN_SHARE:.0%}"
        return None


class UnsteadyError(UserError):
    """Other work on the machine disturbed all measurements; ``latency`` is the last one."""

    def __init__(self, latency: Latency) -> None:
        self.latency = latency
        fewer = "" if latency.threads == 1 else ", use --threads 1"
        super().__init__(
            f"must be steady, but in each of {latency.repeats} measurements other work disturbed it; in the last "
            f"{latency.disturbance}. End other processes{fewer}, or take it as it is with --unsteady",
            "latency",
        )


def latency(
    architecture: Architecture,
    device: str = "cpu",
    batch: int = 1,
    *,
    runs: int = 30,
    warm_up: int = 5,
    dtype: str = "float32",
    threads: int | None = None,
    steady: bool = True,
) -> Latency:
    """Time ``runs`` forward passes of ``batch`` images, after ``warm_up`` that are not timed.

    The module has random weights, is in evaluation mode and channels_last, its weights and images in ``dtype``
    (float32 or bfloat16); on the CPU it runs with so many ``threads`` of torch (None: as many as are set). Where other
    work disturbed it (:attr:`Latency.disturbance`) it is measured again up to three times, after longer and longer
    pauses and with twice the runs each time; raises UnsteadyError where that does not help, unless ``steady`` is False:
    then it is measured once. Raises UserError where memory does not suffice.
    """
    pauses = (0.0, *PAUSES) if steady else (0.0,)
    with using(threads), enough_memory(f"{architecture.image_size} px, batch {batch}"):
        before = reset_peak(device)
        run = forward_pass(architecture, device, batch, dtype)
        for repeat, pause in enumerate(pauses):
            time.sleep(pause)
            times, share = _times(run, runs * 2**repeat, warm_up)
            peak = peak_bytes(device)
            used = None if before is None or peak is None else max(0, peak - before)
            measured = _latency(times, share, device, batch, dtype, used, repeat + 1)
            if measured.disturbance is None or not steady:
                return measured
    raise UnsteadyError(measured)


def faster_threads(architecture: Architecture, batch: int, dtype: str, most: int) -> int:
    """1 or ``most`` threads, whichever makes the forward pass on the CPU faster here and now. Raises UserError where
    memory does not suffice."""
    if most == 1:
        return 1
    with enough_memory(f"{architecture.image_size} px, batch {batch}"):
        return faster_count(forward_pass(architecture, "cpu", batch, dtype), most)


def _latency(
    times: list[float], share: float, device: str, batch: int, dtype: str, used: int | None, repeats: int
) -> Latency:
    median, last, threads = statistics.median(times), len(times) - 1, torch.get_num_threads()
    return Latency(
        median_ms=median,
        p5_ms=times[int(0.05 * last)],
        p95_ms=times[round(0.95 * last)],
        batch=batch,
        runs=len(times),
        device=str(torch.empty(0, device=device).device),
        images_per_second=batch / median * 1e3,
        peak_bytes=used,
        dtype=dtype,
        threads=threads,
        processor=processor(device),
        core_share=share if threads == 1 and not device.startswith("cuda") else None,
        repeats=repeats,
    )


def _times(run: Callable[[], float], runs: int, warm_up: int) -> tuple[list[float], float]:
    """Milliseconds of each run, shortest first, and for how much of the time this thread had a core."""
    for _ in range(warm_up):
        run()
    start, computing = time.perf_counter(), time.thread_time()
    times = sorted(run() for _ in range(runs))
    return times, (time.thread_time() - computing) / (time.perf_counter() - start)


def forward_pass(architecture: Architecture, device: str, batch: int, dtype: str) -> Callable[[], float]:
    """A forward pass of random images that returns its milliseconds."""
    kind = getattr(torch, dtype)
    module = build(architecture).eval().to(device, kind, memory_format=torch.channels_last)  # type: ignore[call-overload]
    shape = (batch, architecture.in_channels, architecture.image_size, architecture.image_size)
    x = torch.randn(shape, device=device, dtype=kind).to(memory_format=torch.channels_last)
    timed = _timed_on_gpu if x.is_cuda else _timed

    def run() -> float:
        with torch.inference_mode():
            return timed(module, x)

    return run


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


def processor(device: str) -> str:
    """Name of the CPU or GPU."""
    if device.startswith("cuda"):
        return str(torch.cuda.get_device_name(device))
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
