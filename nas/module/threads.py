"""How many threads torch computes with on the CPU."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

SECONDS = 1.0  # a comparison takes about so long, unless four runs take longer
MAX_ROUNDS = 15
GAIN = 0.95  # of the time with one thread: several must take less


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """So many within (None: as many as are set); the caller's afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def faster_count(run: Callable[[], object], most: int) -> int:
    """1 or ``most``, whichever makes ``run`` faster here and now: both in turn, by the median. Unless ``most`` is
    clearly faster it is 1: threads that wait for each other on a busy machine cost many times what they save."""
    if most == 1:
        return 1
    end = time.perf_counter() + SECONDS
    seconds: dict[int, list[float]] = {1: [], most: []}
    for count in seconds:  # the first run of each warms up
        _seconds(run, count)
    while len(seconds[1]) < MAX_ROUNDS and (not seconds[1] or time.perf_counter() < end):
        for count, times in seconds.items():
            times.append(_seconds(run, count))
    one, several = map(statistics.median, seconds.values())
    return most if several < GAIN * one else 1


def _seconds(run: Callable[[], object], count: int) -> float:
    with threads(count):
        start = time.perf_counter()
        run()
        return time.perf_counter() - start
