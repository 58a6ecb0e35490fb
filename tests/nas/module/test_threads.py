"""One thread or several: whichever is clearly faster, and the caller's number afterwards."""

from __future__ import annotations

import itertools

import pytest
import torch

from nas.module import threads
from nas.module.threads import faster_count


@pytest.fixture
def clock(monkeypatch):
    """Makes a function that takes so many seconds with so many threads, on a clock of its own."""

    class Clock:
        now = 0.0

        def perf_counter(self):
            return self.now

        def taking(self, seconds):
            durations = {count: itertools.cycle(values) for count, values in seconds.items()}
            counts = []

            def run():
                counts.append(torch.get_num_threads())
                self.now += next(durations[counts[-1]])

            return run, counts

    clock = Clock()
    monkeypatch.setattr(threads, "time", clock)
    return clock


@pytest.mark.parametrize(
    ("one", "several", "chosen"),
    [
        ([0.02], [0.01], 2),
        ([0.02], [0.02], 1),  # a tie
        ([0.02], [0.0195], 1),  # nearly one
        ([0.02], [0.1], 1),
        ([0.02], [0.01, 0.01, 0.5], 2),  # outliers do not count
        ([90.0], [60.0], 2),
    ],
)
def test_the_faster_wins_and_one_thread_wins_ties(clock, one, several, chosen):
    before = torch.get_num_threads()
    run, counts = clock.taking({1: one, 2: several})
    assert faster_count(run, 2) == chosen
    assert counts == [1, 2] * (len(counts) // 2)
    assert len(counts) <= 32
    assert clock.now <= 1.2 + 2 * (max(one) + max(several))
    assert torch.get_num_threads() == before


def test_where_there_is_one_core_nothing_is_run():
    assert faster_count(pytest.fail, 1) == 1
