from __future__ import annotations

from typing import Any

import pytest
from made_up_study import record

from nas.report import tables


def frame_of(*rows: tuple[str, int, float | None], **more: Any):
    return tables.trials(record(trial, *row, **more) for trial, row in enumerate(rows))


def test_front_takes_complete_trials_only_and_is_strictly_rising():
    frame = frame_of(
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
    assert list(tables.front(frame)["trial"]) == [1, 0, 7]


def test_front_of_equal_points_is_the_first_trial():
    assert list(tables.front(frame_of(("complete", 100, 0.9), ("complete", 100, 0.9)))["trial"]) == [0]


def test_front_follows_the_metric_asked_for():
    rows = [record(0, "complete", 100, 0.9, params=9), record(1, "complete", 200, 0.8, params=5)]
    frame = tables.trials(rows)
    assert list(tables.front(frame, "macs")["trial"]) == [0]
    assert list(tables.front(frame, "params")["trial"]) == [1, 0]


def test_front_leaves_retrainings_out():
    rows = [record(0, "complete", 100, 0.8), record(1, "complete", 100, 0.9, replicate=1, source=0)]
    assert list(tables.front(tables.trials(rows))["trial"]) == [0]


def test_retrained_leaves_the_search_score_out():
    rows = [record(0, "complete", 100, 0.99)]
    rows += [record(k, "complete", 100, score, replicate=k, source=0) for k, score in ((1, 0.90), (2, 0.92))]
    (row,) = tables.retrained(tables.trials(rows)).to_dict("records")
    assert (row["trial"], row["n"], row["macs"]) == (0, 2, 100)
    assert row["mean"] == pytest.approx(0.91)
    assert row["deviation"] == pytest.approx(0.02 / 2**0.5)


def test_frames_of_a_study_without_trials_are_empty():
    frame = tables.trials([])
    assert len(tables.front(frame)) == len(tables.retrained(frame)) == 0
    assert tables.counts(frame) == {}


def test_bytes_are_four_a_parameter():
    assert list(tables.trials([record(0, "complete", 8000, 0.5)])["bytes"]) == [400.0]
