from __future__ import annotations

import pytest
from made_up_study import record

from nas.report import tables
from nas.report.pareto_front import pareto_front


def records_of(*rows):
    return [record(trial, *row) for trial, row in enumerate(rows)]


def trials_of(front):
    return [point.trial for point in front]


def test_front_takes_complete_trials_only_and_is_strictly_rising():
    records = records_of(
        ("complete", 200, 0.90),
        ("complete", 100, 0.80),
        ("pruned", 50, 0.99),
        ("reused", 60, 0.98),
        ("complete", 150, 0.80),  # dearer than trial 1 and no better
        ("complete", 200, 0.85),  # as dear as trial 0 and worse
        ("complete", 300, 0.90),  # dearer than trial 0 and no better
        ("complete", 400, 0.95),
        ("infeasible", 10, None),
    )
    assert trials_of(pareto_front(records)) == [1, 0, 7]


def test_front_of_equal_points_is_the_first_trial():
    assert trials_of(pareto_front(records_of(("complete", 100, 0.9), ("complete", 100, 0.9)))) == [0]


def test_front_follows_the_metric_asked_for():
    records = [record(0, "complete", 100, 0.9, params=9), record(1, "complete", 200, 0.8, params=5)]
    assert trials_of(pareto_front(records, "macs")) == [0]
    assert trials_of(pareto_front(records, "params")) == [1, 0]


def test_front_leaves_retrainings_out():
    records = [record(0, "complete", 100, 0.8), record(1, "complete", 100, 0.9, replicate=1, source=0)]
    assert trials_of(pareto_front(records)) == [0]


def test_retrained_leaves_the_search_score_out():
    records = [record(0, "complete", 100, 0.99)]
    records += [record(k, "complete", 100, score, replicate=k, source=0) for k, score in ((1, 0.90), (2, 0.92))]
    (again,) = tables.retrained(records)
    assert (again.trial, again.seeds, again.cost) == (0, 2, 100)
    assert again.mean == pytest.approx(0.91)
    assert again.deviation == pytest.approx(0.02 / 2**0.5)


def test_a_single_retraining_has_no_deviation():
    records = [record(0, "complete", 100, 0.99), record(1, "complete", 100, 0.9, replicate=1, source=0)]
    assert [(again.seeds, again.deviation) for again in tables.retrained(records)] == [(1, 0.0)]


def test_tables_of_a_study_without_trials_are_empty():
    assert pareto_front([]) == tables.retrained([]) == []
    assert tables.counts([]) == {}
