"""The tables of a page as files, and a page that is written anew while a study runs."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from nas.report import frames, watch
from nas.report.frames import PARQUET, write_frames


def test_the_tables_hold_what_the_study_does(study):
    tables = frames.frames(study)
    trials = tables["trials"].set_index("trial")
    for record in study.records:
        row = trials.loc[record.trial]
        assert row["macs"] == record.macs
        assert all(row[name] == label for name, label in record.decisions.items())
    assert trials.loc[study.base.trial, "words"] == "the base"
    assert len(tables["epochs"]) == sum(len(record.top1_by_epoch) for record in study.records)
    assert list(tables["effects"]["decision"]) == [effect.decision for effect in study.effects()]


def test_every_table_is_written_and_read_again(study, tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "find_spec", lambda name: None)
    paths, missing = write_frames(study, tmp_path / "tables")
    assert missing == [PARQUET]
    assert {path.suffix for path in paths} == {".csv", ".json"}
    for name, frame in frames.frames(study).items():
        assert len(pd.read_csv(tmp_path / "tables" / f"{name}.csv")) == len(frame)
        assert len(pd.read_json(tmp_path / "tables" / f"{name}.json")) == len(frame)


def test_a_watched_study_is_told_of_until_it_ends(study, tmp_path, monkeypatch):
    """Again whenever the log has grown; not while it has not."""
    states = iter(["running", "running", "running", "finished"])
    monkeypatch.setattr(watch, "open_study", lambda folder: replace(study, state=next(states)))
    log, pauses = tmp_path / "log.jsonl", []
    log.write_text("one\n")

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 2:
            log.write_text("one\ntwo\n")

    states_told = [told.state for told in watch.changes(tmp_path, pause=3.0, sleep=sleep)]
    assert states_told == ["running", "running", "finished"]
    assert pauses == [3.0] * 3
