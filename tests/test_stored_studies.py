"""Stored studies open in every later release, and their records agree with what is counted now."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from nas.study import open_study
from nas.study.log import read_log
from nas.study.members import results
from nas.training.recipe import Recipe
from search_spaces import Budget, cost, digest, load
from search_spaces.files.codec import from_data
from search_spaces.files.strict_yaml import parse

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[1] / "studies").rglob("study.yaml"))
STUDIES = [folder for folder in FOLDERS if (folder / "base.yaml").exists()]
FAMILIES = [folder for folder in FOLDERS if folder not in STUDIES]  # of given networks, scaled from one base


def named(folder):
    return "-".join(folder.parts[-2:])


def test_there_is_one():
    assert STUDIES


@pytest.mark.parametrize("folder", STUDIES, ids=named)
def test_a_stored_study_opens_and_its_counts_hold(folder):
    study = open_study(folder)
    assert study.problems == ()
    assert study.state == "finished"
    space = from_data(study.definition.space)
    budgets = [Budget.parse(text) for text in study.definition.budgets]
    for record in study.records:
        architecture = space.decide(record.decisions)
        counted = cost(architecture)
        assert (counted.params, counted.macs) == (record.params, record.macs)
        trained = record.state in ("complete", "pruned")
        assert not trained or all(budget.fits(counted) for budget in budgets)
        assert record.digest is None or record.digest == digest(architecture)
    assert digest(load(folder / "base.yaml")) == study.base.digest


@pytest.mark.parametrize("folder", FAMILIES, ids=named)
def test_a_stored_family_opens_and_the_counts_of_its_members_hold(folder):
    study = open_study(folder)
    assert (study.problems, study.state) == ((), "finished")
    proposed = {e["trial"]: e for e in read_log(folder / "log.jsonl").events if e["event"] == "proposed"}
    for record in study.records:
        if record.state == "complete":
            architecture = from_data(proposed[record.trial]["architecture"])
            counted = cost(architecture)
            assert (counted.params, counted.macs) == (record.params, record.macs)
            assert record.digest == digest(architecture)
    seeds = {len(row.scores) for row in results(study.records).rows}
    assert seeds == {study.question.seeds + 1}


def test_a_damaged_log_is_named_by_the_report(tmp_path, nas):
    folder = shutil.copytree(STUDIES[0], tmp_path / "copy")
    lines = (folder / "log.jsonl").read_text().splitlines(keepends=True)
    lines[7] = lines[7].replace('"event"', '"evemt"')
    (folder / "log.jsonl").write_text("".join(lines))
    done = nas("report", folder, "--json")
    assert done.code == 0
    assert len(done.data[0]["problems"]) == 1
    assert "log.jsonl" in done.err
    assert nas("report", folder).code == 0
    assert "Damaged log" in (folder / "report.html").read_text()


@pytest.mark.parametrize("folder", STUDIES, ids=lambda path: path.name)
@pytest.mark.long
def test_every_trained_candidate_is_within_budget_by_fvcore(folder):
    from nas.module.fvcore import fvcore_macs

    study = open_study(folder)
    space = from_data(study.definition.space)
    for record in study.records:
        if record.state in ("complete", "pruned") and record.replicate == 0:
            assert fvcore_macs(space.decide(record.decisions)).macs == record.macs


TRAININGS = sorted(path.parent for path in STUDIES[0].parent.glob("*/*/summary.json"))


@pytest.mark.parametrize("folder", TRAININGS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_stored_training_agrees_with_itself_and_its_counts_hold(folder):
    summary = json.loads((folder / "summary.json").read_text())
    counted = cost(load(folder / "network.yaml"))
    assert (counted.params, counted.macs) == (summary["params"], summary["macs"])
    epochs = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [epoch["top1"] for epoch in epochs] == summary["top1_by_epoch"]
    assert summary["val"]["top1"] == epochs[-1]["top1"]
    confusion = summary["test"]["confusion"]
    assert summary["test"]["top1"] == sum(row[label] for label, row in enumerate(confusion)) / sum(map(sum, confusion))
    definition = parse((folder / "train.yaml").read_text())
    assert Recipe.from_data(definition["recipe"]).digest == definition["recipe_digest"]
    assert summary["seed"] == definition["seed"]
