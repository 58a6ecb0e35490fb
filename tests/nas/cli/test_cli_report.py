"""`nas report` of studies, trainings and families."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nas.report.family_page import FIGURES as FAMILY_FIGURES
from nas.report.figures.training import FIGURES as TRAINING_FIGURES
from nas.study import open_study
from search_spaces import digest, load

STUDIES = Path(__file__).parents[3] / "studies"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(STUDIES / "fashion-mnist-search", tmp_path / "study")


def test_the_terminal_says_what_the_page_does(nas, folder):
    text = nas("report", folder, "--text").out
    for words in ("asked", "device-hours", "top-1 against MACs", "★ base", "! Few seeds", "Not shown here", "stage 2"):
        assert words in text
    table = text[text.index("trial  state") :].splitlines()
    assert int(table[2].split()[0]) == open_study(folder).base.trial


def test_one_trial_is_printed_or_written_as_its_network(nas, folder):
    study = open_study(folder)
    record = study.records[2]
    text = nas("report", folder, "--trial", 2).out
    assert f"{record.macs:,}" in text
    assert "stage 1" in text
    done = nas("report", folder, "--trial", 2, "--out", "two.yaml")
    assert done.out == "two.yaml\n"
    assert digest(load("two.yaml")) == record.digest
    assert "exists" in nas("report", folder, "--trial", 2, "--out", "two.yaml").err
    missing = nas("report", folder, "--trial", 99)
    assert missing.code == 2
    assert "has trials 0 to 12" in missing.err


def test_tables_are_written_beside_the_page(nas, folder):
    done = nas("report", folder, "--tables")
    assert done.code == 0
    assert (folder / "tables" / "trials.csv").is_file()
    assert (folder / "report.html").is_file()


def test_pictures_need_kaleido(nas, folder, monkeypatch):
    monkeypatch.setattr("nas.report.pictures.find_spec", lambda name: None)
    done = nas("report", folder, "--figures")
    assert done.code == 2
    assert "--figures needs kaleido" in done.err


def test_several_studies_stand_side_by_side(nas, folder):
    other = STUDIES / "demonstration-digits"
    done = nas("report", folder, other, "--out", "both.html")
    text = Path("both.html").read_text()
    assert done.out == "both.html\n"
    assert "2 studies side by side" in text
    assert "The studies differ in data" in text
    told = nas("report", folder, other, "--text").out
    assert "! The studies differ in data" in told


def test_a_training_has_a_page_and_a_text(nas, tmp_path):
    training = shutil.copytree(STUDIES / "cifar10" / "seed-0", tmp_path / "training")
    assert nas("report", training).out == f"{training / 'report.html'}\n"
    text = (training / "report.html").read_text()
    assert all(f'id="{name}-data"' in text for name in TRAINING_FIGURES)
    assert "84.3 % (83.6 to 85.0 %)" in text
    told = nas("report", training, "--text").out
    assert "test split, read once: top-1 84.3 %" in told
    (training / "summary.json").unlink()
    assert "not finished, 12 epochs so far" in nas("report", training, "--text").out
    (training / "train.yaml").write_text("schema: 1\n")
    assert nas("report", training).code == 2


def test_a_family_has_a_page_and_a_text(nas, tmp_path):
    nas("scale", "efficientnet-b0", "--family", "--out", "family")
    assert nas("report", "family").out == "family/report.html\n"
    text = Path("family/report.html").read_text()
    assert all(f'id="{name}-data"' in text for name in FAMILY_FIGURES if name != "accuracy")
    told = nas("report", "family", "--text").out
    assert "b7" in told
    assert "not trained" in told


@pytest.mark.parametrize("option", [["--tables"], ["--trial", "1"], ["--json"], ["--watch"]])
def test_what_only_studies_have_is_refused_for_others(nas, tmp_path, option):
    training = shutil.copytree(STUDIES / "cifar10" / "seed-0", tmp_path / "training")
    done = nas("report", training, *option)
    assert done.code == 2
    assert "is for studies" in done.err


def test_what_is_none_of_them_is_refused(nas, tmp_path):
    done = nas("report", tmp_path)
    assert done.code == 2
    assert "is not a study: it has no study.yaml; nor a training" in done.err


def test_names_from_files_do_not_steer_the_terminal(nas, folder):
    hostile = folder.rename(folder.parent / "evil\x1b[2J\u202ename")
    for words in (["report", hostile, "--text"], ["studies", "show", hostile], ["report", hostile, "--trial", 1]):
        done = nas(*words)
        assert done.code == 0
        assert "\x1b" not in done.out
        assert "\u202e" not in done.out
        assert "evil\\x1b[2J\\u202ename" in done.out
