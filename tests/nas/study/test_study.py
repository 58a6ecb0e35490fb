"""A study as users read it: the stored ones, whole and before their first trial."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from nas.study import Record, open_study
from nas.study.log import open_log
from nas.study.objectives import ranked
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
    """Of an early release, which wrote losses into the log alone."""
    lines = (study.folder / "records.jsonl").read_text().splitlines()
    assert [Record.from_data(json.loads(line)) for line in lines] == [
        replace(r, loss_by_epoch=()) for r in study.records
    ]
    assert all(len(record.loss_by_epoch) == record.epochs for record in study.records if record.state == "complete")


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


def numbers(frame):
    """Names of the columns of numbers."""
    return set(frame.select_dtypes("number").columns)


def test_columns_of_numbers_are_numbers_whatever_is_missing(study):
    expected = {"trial", "top1", "params", "macs", "activations", "peak_bytes", "seconds", "seed", "replicate"}
    expected |= {"epochs", "continued", "source", "latency_ms", "latency_p95_ms", "bytes", "accumulate"}
    unscored = tuple(replace(record, top1=None, seed=None, source=None) for record in study.records)
    for records in (study.records, unscored, ()):
        frame = replace(study, records=records).trials()
        assert numbers(frame) == expected
        assert str(frame["source"].dtype) == "Int64"


def test_under_an_evaluator_the_number_of_a_trial_is_a_score(study):
    scored = replace(study, definition=replace(study.definition, evaluator="mine"))
    assert {"score", "score_by_epoch"} <= set(scored.trials().columns)
    assert not {name for name in (*scored.trials().columns, *scored.to_data()["records"][0]) if "top1" in name}
    assert "score" in numbers(scored.trials())


def test_a_study_is_one_line_and_in_a_notebook_a_small_table(study):
    done = f"finished, {study.done} of {study.trials_wanted} trials"
    top1 = f"top-1 {100 * study.base.top1:.1f} %"
    assert repr(study) == f"<Study {study.name}: {done}, base {study.base.digest[:11]} {top1}>"
    page = study._repr_html_()
    assert done in page
    assert page.count("<tr>") == 4 + 1 + 5
    assert re.findall(r"<tr><td>(\d+)</td>", page) == [
        str(record.trial) for record in ranked(study.records, "top1")[:5]
    ]


def test_a_study_without_a_base_is_shown_and_what_is_shown_is_escaped(study):
    evil = replace(study, records=(), base=None, state="<b>", definition=replace(study.definition, name="<script>"))
    assert repr(evil).endswith("trials, no base yet>")
    assert "&lt;script&gt;" in evil._repr_html_()
    assert not re.search("<(b|script)>", evil._repr_html_())


def test_the_test_score_of_an_earlier_base_is_not_that_of_the_base(study, tmp_path):
    folder = shutil.copytree(study.folder, tmp_path / "copy")
    log = open_log(folder / "log.jsonl")
    other = next(record for record in study.records if record.counted and record != study.base)
    log.append("base", trial=other.trial)
    log.close()
    assert (open_study(folder).base, open_study(folder).test) == (other, None)


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"is not a study: it has no study\.yaml"):
        open_study(tmp_path)
