from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from nas.module.fvcore import count_module, fvcore_macs
from nas.module.latency import UnsteadyError, latency
from nas.module.measure import measure
from nas.module.memory import enough_memory
from search_spaces import UserError, cost, load


def test_fvcore_counts_convolutions_and_linear_layers_only():
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)
    )
    counted = count_module(module.eval(), torch.zeros(1, 3, 6, 6))
    assert counted.macs == 6 * 6 * 8 * 27 + 16
    assert counted.total > counted.macs


def test_a_layer_that_fvcore_skips_is_an_error():
    """fvcore knows no convolution with padding given as a word, and counts it as nothing."""
    module = nn.Sequential(nn.Conv2d(3, 8, 3, padding="same"), nn.Flatten())
    with pytest.raises(RuntimeError, match="fvcore counts nothing for 0, which has weights"):
        count_module(module.eval(), torch.zeros(1, 3, 6, 6))


def test_counting_leaves_the_module_alone():
    module = nn.Sequential(nn.Conv2d(3, 8, 3))
    count_module(module, torch.zeros(1, 3, 6, 6))
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in module.modules())


def test_latency_grows_with_the_batch():
    network = load("resnet-18").at(64, 10)
    one, many = latency(network, batch=1, runs=8, steady=False), latency(network, batch=16, runs=8, steady=False)
    assert 0 < one.p5_ms <= one.median_ms <= one.p95_ms
    assert many.median_ms > one.median_ms
    assert (many.batch, many.runs, many.device) == (16, 8, "cpu")


def test_measure_has_both():
    network = load("efficientnet-b0").at(32, 10)
    measured = measure(network)
    assert measured.fvcore == fvcore_macs(network)
    assert measured.fvcore.macs == cost(network).macs
    assert measured.latency.median_ms > 0


def test_threads_are_put_back():
    before = torch.get_num_threads()
    network = load("resnet-18").at(32, 10)
    assert latency(network, runs=2, threads=before + 1, steady=False).threads == before + 1
    assert torch.get_num_threads() == before


def test_what_does_not_fit_into_memory_is_one_line():
    with pytest.raises(UserError, match=r"^224 px, batch 1000000000000000 cannot be run here: Storage size"):
        latency(load("resnet-18"), batch=10**15)
    for error in (MemoryError(), torch.OutOfMemoryError("a GPU"), RuntimeError("can't allocate memory: 9 bytes\nmore")):
        with pytest.raises(UserError, match=r"^this cannot be run here: .+"), enough_memory("this"):
            raise error


def test_an_error_of_our_own_is_not_blamed_on_memory():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), enough_memory("this"):
        torch.ones(2, 3) @ torch.ones(2, 3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_latency_on_a_gpu():
    measured = latency(load("resnet-18").at(64), "cuda", batch=8, runs=5, dtype="bfloat16")
    assert measured.peak_bytes >= 2 * 11_000_000
    assert measured.processor == torch.cuda.get_device_name()


@pytest.fixture
def disturbed(monkeypatch):
    """A forward pass that takes what it is told, in milliseconds, on a clock that stands still while another process
    has the core."""
    from nas.module import latency as module

    class Clock:
        now = computing = 0.0

        def __init__(self):
            self.pauses = []

        def perf_counter(self):
            return self.now

        def thread_time(self):
            return self.computing

        def sleep(self, seconds):
            self.pauses.append(seconds)

    def start(times, share=1.0):
        clock, left = Clock(), iter(times)

        def run():
            milliseconds = next(left)
            clock.now += milliseconds / 1e3
            clock.computing += share * milliseconds / 1e3
            return milliseconds

        monkeypatch.setattr(module, "forward_pass", lambda *about: run)
        monkeypatch.setattr(module, "time", clock)
        return clock

    return start


def by_turns(runs, *, steady_from=math.inf):
    """Runs of 10 ms of which every fifth takes 40 ms until measurement ``steady_from``."""
    for repeat in range(4):
        for run in range(runs * 2**repeat):
            yield 40.0 if run % 5 == 0 and repeat < steady_from else 10.0


def test_what_is_not_steady_is_measured_again_longer_and_later(disturbed):
    clock = disturbed(by_turns(20, steady_from=2))
    measured = latency(load("resnet-18").at(32), runs=20, warm_up=0, threads=1)
    assert (measured.median_ms, measured.p95_ms, measured.runs, measured.repeats) == (10, 10, 80, 3)
    assert clock.pauses == sorted(clock.pauses)
    assert len(clock.pauses) == 3


def test_what_stays_unsteady_is_refused_with_the_values(disturbed):
    disturbed(by_turns(20))
    with pytest.raises(UnsteadyError) as caught:
        latency(load("resnet-18").at(32), runs=20, warm_up=0, threads=2)
    text = str(caught.value)
    assert "latency: must be steady, but in each of 4 measurements other work disturbed it" in text
    assert "the 95th percentile, 40.00 ms, is 4.0 times its median of 10.00 ms, and may be 1.5 times that" in text
    assert text.endswith("End other processes, use --threads 1, or take it as it is with --unsteady")
    assert caught.value.latency.p95_ms == 40


def test_a_machine_that_is_busy_all_the_time_is_noticed(disturbed):
    disturbed([10.0] * 1000, share=0.5)
    with pytest.raises(UnsteadyError, match="its thread had a core for 50% of the time, and must have one for 80%"):
        latency(load("resnet-18").at(32), runs=20, threads=1)


def test_unsteady_latencies_can_be_asked_for(disturbed):
    disturbed(by_turns(20))
    measured = latency(load("resnet-18").at(32), runs=20, warm_up=0, threads=1, steady=False)
    assert (measured.median_ms, measured.p95_ms, measured.repeats) == (10, 40, 1)
