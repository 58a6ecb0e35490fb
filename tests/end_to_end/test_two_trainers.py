"""Two real trainers side by side: neither gets in the way of what the other writes."""

from __future__ import annotations

import pytest

from nas import search
from nas.storage import layout
from nas.storage.files import leftovers
from nas.study.log import read_log
from search_spaces import Architecture, Conv, Head, Space, Stage, choice

SPACE = Space(  # cheap to train and slow to write: a checkpoint has 50 MB, so that one is nearly always being written
    "beside",
    Architecture(
        image_size=8,
        classes=10,
        stem=(Stage(Conv(kernel=choice(1, 3)), out=choice(4, 8, 12), stride=2),),
        stages=(Stage(Conv(kernel=choice(1, 3)), out=choice(8, 16, 24), repeats=choice(1, 2), stride=1),),
        head=Head(hidden=(2048, 2048)),
    ),
)


def assert_nothing_failed(folder, seed):
    study = search(
        SPACE, "9MFLOPs", recipe="plain", epochs=1, trials=8, workers=2, retrain=1, seeds=2, seed=seed, out=folder
    )
    assert study.state == "finished"
    assert [(r.trial, r.reason) for r in study.records if r.state == "failed"] == []
    assert sum(r.replicate > 0 and r.state == "complete" for r in study.records) == 2
    events = read_log(folder / layout.LOG).events
    assert [event for event in events if event["event"] == "retried"] == []
    assert len({event["where"] for event in events if event["event"] == "started"}) == 2
    assert leftovers(folder / layout.CHECKPOINTS) == []


@pytest.mark.parametrize("seed", range(3))
def test_two_real_trainers_side_by_side_fail_nothing(tmp_path, seed):
    assert_nothing_failed(tmp_path / "study", seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3, 23))
def test_two_real_trainers_side_by_side_fail_nothing_in_twenty_studies(tmp_path, seed):
    assert_nothing_failed(tmp_path / "study", seed)
