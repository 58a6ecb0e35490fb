"""The small pure rules: noise, pruning, the choice of the base, seeds, checkpoints."""

from __future__ import annotations

import pytest

from nas.study.base import choose
from nas.study.checkpoints import path_of, sweep
from nas.study.noise import estimate
from nas.study.pruner import median, never
from nas.study.seeds import derive


def test_noise_by_hand(record):
    search = [record(i, top1=t) for i, t in enumerate((0.1, 0.5, 0.9))]
    again = [
        record(3, top1=0.8, source=2, replicate=1),
        record(4, top1=0.6, source=2, replicate=2),
        record(5, top1=0.5, source=1, replicate=1),
        record(6, top1=0.4, source=1, replicate=2),
    ]
    pruned = record(7, "pruned", 0.0)
    noise = estimate([*search, *again, pruned])
    assert noise.search_variance == pytest.approx(0.16)
    assert noise.between_seeds == pytest.approx((0.02 + 0.005) / 2)
    assert noise.between_candidates == pytest.approx(0.16 - 0.0125)
    assert (noise.candidates, noise.retrained, noise.seeds, noise.resolved) == (3, 2, 4, True)


def test_noise_larger_than_the_differences_is_said(record):
    search = [record(0, top1=0.50), record(1, top1=0.52)]
    again = [record(2 + k, top1=t, source=1, replicate=k) for k, t in ((1, 0.4), (2, 0.6))]
    noise = estimate([*search, *again])
    assert noise.between_candidates == 0
    assert noise.resolved is False


def test_noise_without_two_seeds_is_unknown(record):
    noise = estimate([record(0), record(1, top1=0.6), record(2, source=1, replicate=1)])
    assert noise.between_seeds is None
    assert noise.resolved is None


def test_the_best_mean_over_seeds_beats_the_best_score(record):
    records = [
        record(0, top1=0.9, macs=1),
        record(1, top1=0.8, macs=1),
        record(2, top1=0.5, source=0, replicate=1),
        record(3, top1=0.8, source=1, replicate=1),
    ]
    assert choose({r.trial: r for r in records}, "top1").trial == 1
    assert choose({r.trial: r for r in records[:2]}, "top1").trial == 0


def test_ties_go_to_fewer_macs(record):
    records = {0: record(0, macs=9), 1: record(1, macs=5), 2: record(2, "pruned", 0.9, macs=1)}
    assert choose(records, "top1").trial == 1
    assert choose({2: records[2]}, "top1") is None


def curves(record, *values):
    return [record(i, curve=(v, v, v, v)) for i, v in enumerate(values)]


def test_the_median_pruner_stops_below_the_median_only(record):
    done = curves(record, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert median(done, (0.0, 0.3), 4)
    assert not median(done, (0.0, 0.29), 4)
    assert median(done, (0.31, 0.0), 4)
    assert never(done, (0.0, 0.0), 4)


def test_the_median_pruner_leaves_alone_what_it_cannot_judge(record):
    done = curves(record, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert median(done[:4], (0.0, 0.0), 4)
    assert median(done, (0.0,), 4)
    assert median(done, (0.0,) * 4, 4)
    pruned = [record(9 + i, "pruned", 0.9, (0.9, 0.9)) for i in range(5)]
    assert median([*done, *pruned], (0.0, 0.3), 4)


def test_seeds_differ_by_purpose_and_are_the_same_everywhere():
    assert derive(0, "t1-abc", 0) == derive(0, "t1-abc", 0) == 2009252982
    assert len({derive(0, "a", 0), derive(0, "a", 1), derive(1, "a", 0), derive(0, "b", 0)}) == 4


def test_sweep_keeps_only_what_it_is_told(tmp_path, record):
    (tmp_path / "checkpoints").mkdir()
    paths = [path_of(tmp_path, record(t, training_key="t1-0123456789abcdef")) for t in (0, 1)]
    for path in (*paths, paths[0].with_name(paths[0].name + ".old")):
        path.write_text("x")
    sweep(tmp_path, [1])
    assert list((tmp_path / "checkpoints").iterdir()) == [paths[1]]
