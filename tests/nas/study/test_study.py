"""A study as users read it: the stored ones, whole and before their first trial."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from nas.study import Record, open_study
from nas.study.outcome import BaseChoice, Noise, TestScore
from nas.study.question import Question
from nas.training.reference import Reference
from search_spaces import UserError

STUDIES = Path(__file__).parents[3] / "studies"
STORED = [STUDIES / name for name in ("demonstration-digits", "fashion-mnist-search")]


@pytest.fixture(params=STORED, ids=lambda folder: folder.name)
def study(request):
    return open_study(request.param)


def test_a_study_is_typed_to_its_end(study):
    kinds = {"question": Question, "base": Record, "choice": BaseChoice, "reference": Reference, "noise": Noise}
    for name, kind in {**kinds, "test": TestScore}.items():
        assert type(getattr(study, name)) is kind, name
    assert {type(record) for record in study.records} == {Record}
    assert study.base in study.records
    assert study.base.trial == study.choice.trial == study.test.trial
    assert (study.state, study.problems) == ("finished", ())
    assert study.done == study.trials_wanted


def test_the_records_are_those_that_were_written(study):
    lines = (study.folder / "records.jsonl").read_text().splitlines()
    assert [Record.from_data(json.loads(line)) for line in lines] == list(study.records)


def test_a_study_is_plain_data(study):
    data = study.to_data()
    assert json.loads(json.dumps(data)) == data
    assert (data["study"], data["base"], len(data["records"])) == (study.name, study.base.trial, len(study.records))
    assert Reference(**data["reference"]) == study.reference
    assert Noise(**data["noise"]) == study.noise


def test_users_get_trials_as_a_frame(study, tmp_path):
    frame = study.trials()
    assert list(frame["trial"]) == [record.trial for record in study.records]
    assert list(frame["bytes"]) == [4 * record.params for record in study.records]
    assert frame["top1"].isna().sum() == sum(record.top1 is None for record in study.records)
    frame.to_csv(tmp_path / "trials.csv")
    assert list(pd.read_csv(tmp_path / "trials.csv")["macs"]) == list(frame["macs"])


def test_a_study_before_its_first_trial_has_the_same_columns(study, tmp_path):
    shutil.copy(study.folder / "study.yaml", tmp_path)
    begun = open_study(tmp_path)
    assert (begun.records, begun.base, begun.noise, begun.state) == ((), None, None, "interrupted")
    assert list(begun.trials().columns) == list(study.trials().columns)
    assert begun.to_data()["base"] is None


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"is not a study: it has no study\.yaml"):
        open_study(tmp_path)
