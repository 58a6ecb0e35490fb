"""The small pure rules: pruning, the choice of the base, seeds, checkpoints."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nas.study.base import choose
from nas.study.checkpoints import path_of, sweep
from nas.study.objectives import OBJECTIVES, Objective, ranked, value
from nas.study.pruners import PRUNERS, median
from nas.study.seeds import derive


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
    assert not median(done, record(9, "running", 0.3, (0.0, 0.3)), 4)
    assert median(done, record(9, "running", 0.29, (0.0, 0.29)), 4)
    assert not median(done, record(9, "running", 0.0, (0.31, 0.0)), 4)


def test_the_median_pruner_leaves_alone_what_it_cannot_judge(record):
    done = curves(record, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert not median(done[:4], record(9, "running", 0.0, (0.0, 0.0)), 4)
    assert not median(done, record(9, "running", 0.0, (0.0,)), 4)
    assert not median(done, record(9, "running", 0.0, (0.0,) * 4), 4)
    pruned = [record(9 + i, "pruned", 0.9, (0.9, 0.9)) for i in range(5)]
    assert not median([*done, *pruned], record(20, "running", 0.3, (0.0, 0.3)), 4)


@pytest.mark.parametrize("name", PRUNERS)
def test_every_pruner_keeps_its_contract(record, name):
    """Pure, a verdict each time, the best so far goes on, nobody after the last epoch; what is stopped and goes on was
    stopped, and in the end as many are complete as are wanted."""
    pruner = PRUNERS[name]
    done = curves(record, 0.1, 0.2, 0.3, 0.4, 0.5)
    for curve in ((0.0,), (0.0, 0.1), (0.0, 0.9), (0.0, 0.1, 0.2, 0.3)):
        running = record(9, "running", curve[-1], curve)
        verdict = pruner.should_stop([*done, running], running, 4)
        assert verdict is pruner.should_stop([*done, running], running, 4)
        assert isinstance(verdict, bool)
    best, last = record(9, "running", 0.9, (0.9, 0.9)), record(9, "running", 0.0, (0.0,) * 4)
    assert not pruner.should_stop([*done, best], best, 4)
    assert not pruner.should_stop([*done, last], last, 4)
    assert pruner.next_up(done, 4) is None
    assert pruner.closing(done, 4, 5) is None
    assert pruner.may_go_on(done, 4) == set()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_keeps_its_contract(record, name):
    """Pure, a number for each trained record; ranked puts the larger first and ties to fewer MACs."""
    records = [record(0, top1=0.5, macs=9), record(1, top1=0.5, macs=5), record(2, top1=0.9, macs=9)]
    goal = Objective(name, limits=(("macs", 9.0),))
    values = [value(goal, r) for r in records]
    assert values == [value(goal, r) for r in records]
    assert all(isinstance(number, float) for number in values)
    assert goal.curve(records[0]) == (values[0],)
    order = [r.trial for r in ranked(records, goal)]
    fronts = [0, 0, 0] if not goal.is_several else [1, 0, 0]
    assert order == sorted(range(3), key=lambda trial: (fronts[trial], -values[trial], records[trial].macs, trial))


def test_the_base_among_the_retrained_is_the_objectives(record, monkeypatch):
    monkeypatch.setitem(OBJECTIVES, "small", lambda r, limits: -r.macs)
    records = [
        record(0, top1=0.9, macs=9),
        record(1, top1=0.8, macs=1),
        record(2, top1=0.9, source=0, replicate=1, macs=9),
        record(3, top1=0.1, source=1, replicate=1, macs=1),
    ]
    assert choose({r.trial: r for r in records}, "small").trial == 1
    assert choose({r.trial: r for r in records}, "top1").trial == 0


def test_seeds_differ_by_purpose_and_are_the_same_everywhere():
    assert derive(0, "t1-abc", 0) == derive(0, "t1-abc", 0) == 2009252982
    assert len({derive(0, "a", 0), derive(0, "a", 1), derive(1, "a", 0), derive(0, "b", 0)}) == 4


@pytest.fixture
def checkpoints(tmp_path, record):
    """Checkpoints of trials 0 and 1, and an older one of trial 0."""
    (tmp_path / "checkpoints").mkdir()
    paths = [path_of(tmp_path, record(t, training_key="t1-0123456789abcdef")) for t in (0, 1)]
    for path in (*paths, paths[0].with_name(paths[0].name + ".old")):
        path.write_text("x")
    return paths


def test_sweep_removes_all_but_the_kept_trials(tmp_path, checkpoints):
    sweep(tmp_path, [1])
    assert list((tmp_path / "checkpoints").iterdir()) == [checkpoints[1]]


def test_sweep_leaves_alone_what_another_process_is_writing(tmp_path, checkpoints):
    """Ending one trial must not take the file from under the trainer of another."""
    program = (
        "import sys; from pathlib import Path; from nas.storage.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'whole'); file.flush(); print('writing', flush=True); sys.stdin.read()"
    )
    path = checkpoints[1]
    writer = subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout.readline() == "writing\n"
    sweep(tmp_path, [1])
    _, _ = writer.communicate("")
    assert writer.returncode == 0
    assert path.read_bytes() == b"whole"


def test_sweep_removes_what_a_dead_process_left_half_written(tmp_path, checkpoints):
    program = (
        "import os, sys; from pathlib import Path; from nas.storage.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", program, checkpoints[1]], check=False)
    assert len(list((tmp_path / "checkpoints").glob(".*.tmp"))) == 1
    sweep(tmp_path, [0, 1])
    assert not list((tmp_path / "checkpoints").glob(".*.tmp"))
