from __future__ import annotations

import pytest

from nas.study.noise import estimate
from nas.study.objectives import OBJECTIVES


def test_noise_by_hand(record):
    search = [record(i, top1=t) for i, t in enumerate((0.1, 0.5, 0.9))]
    again = [
        record(3, top1=0.8, source=2, replicate=1),
        record(4, top1=0.6, source=2, replicate=2),
        record(5, top1=0.5, source=1, replicate=1),
        record(6, top1=0.4, source=1, replicate=2),
    ]
    pruned = record(7, "pruned", 0.0)
    noise = estimate([*search, *again, pruned], "top1")
    assert noise.search_variance == pytest.approx(0.16)
    assert noise.between_seeds == pytest.approx((0.02 + 0.005) / 2)
    assert noise.between_candidates == pytest.approx(0.16 - 0.0125)
    assert (noise.candidates, noise.retrained, noise.seeds, noise.resolved) == (3, 2, 4, True)


def test_noise_larger_than_the_differences_is_said(record):
    search = [record(0, top1=0.50), record(1, top1=0.52)]
    again = [record(2 + k, top1=t, source=1, replicate=k) for k, t in ((1, 0.4), (2, 0.6))]
    noise = estimate([*search, *again], "top1")
    assert noise.between_candidates == 0
    assert noise.resolved is False


def test_noise_without_two_seeds_is_unknown(record):
    noise = estimate([record(0), record(1, top1=0.6), record(2, source=1, replicate=1)], "top1")
    assert noise.between_seeds is None
    assert noise.resolved is None


def test_the_noise_is_that_of_what_ranks(record, monkeypatch):
    """By accuracy these are within noise; by cost, which no seed changes, they differ."""
    monkeypatch.setitem(OBJECTIVES, "small", lambda r, limits: -float(r.macs))
    search = [record(0, top1=0.50, macs=100), record(1, top1=0.52, macs=200)]
    again = [record(2 + k, top1=t, macs=200, source=1, replicate=k) for k, t in ((1, 0.4), (2, 0.6))]
    noise = estimate([*search, *again], "small")
    assert (noise.search_variance, noise.between_seeds, noise.resolved) == (5000, 0, True)
    assert estimate([*search, *again], "top1").resolved is False
