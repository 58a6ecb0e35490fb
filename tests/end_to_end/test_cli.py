"""The commands as a user types them, from a space to a scaled network and a report, on real images."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

ENTRY = "import sys; from nas.cli import main; sys.exit(main(sys.argv[1:]))"
SEARCH = (
    *("search", "--space", "nas-bench-macro", "--budget", "20MFLOPs", "--trials", "3", "--epochs", "2"),
    *("--retrain", "1", "--seeds", "2", "--workers", "1", "--device", "cpu", "--out", "study"),
)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A finished small study, made by the command in a process of its own."""
    folder = tmp_path_factory.mktemp("searched")
    done = subprocess.run(
        [sys.executable, "-c", ENTRY, *SEARCH], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder, done


def test_search_says_what_it_will_do_and_what_it_found(searched):
    _, done = searched
    for line in (
        "space nas-bench-macro: 6,561 decision vectors",
        "within 20MFLOPs: exactly ",
        "demonstration",
        "base: trial",
        "logistic regression: top-1",
        "between seeds",
        "report: study/report.html",
        "next: nas scale study --phi 3",
    ):
        assert line in done.stdout
    assert "[1/3]" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_study_is_complete_on_disk(searched):
    folder, _ = searched
    assert {"study.yaml", "log.jsonl", "records.jsonl", "base.yaml", "report.html"} <= {
        path.name for path in (folder / "study").iterdir()
    }
    records = [json.loads(line) for line in (folder / "study" / "records.jsonl").read_text().splitlines()]
    assert sum(r["state"] in ("complete", "pruned") and r["replicate"] == 0 for r in records) == 3
    assert all(r["macs"] <= 20_000_000 for r in records if r["state"] in ("complete", "pruned"))
    assert all(0 <= r["top1"] <= 1 for r in records if r["state"] == "complete")


def test_scale_cost_and_report_go_on_from_it(searched, nas, monkeypatch):
    folder, _ = searched
    monkeypatch.chdir(folder)
    base = nas("cost", "study", "--json").data
    assert base["macs"] <= 20_000_000
    scaled = nas("scale", "study", "--phi", 1, "--json").data
    assert scaled["base"]["digest"] == base["digest"]
    assert scaled["scaled"]["macs"] > base["macs"]
    assert nas("cost", "study/scaled-phi1.yaml", "--json").data["digest"] == scaled["scaled"]["digest"]
    assert "study/scaled-phi1.yaml holds it already" in nas("scale", "study", "--phi", 1).out
    assert "logistic regression" in nas("report", "study", "--text").out
    assert nas("report", "study").code == 0


def test_the_same_command_trains_nothing_more(searched, nas, monkeypatch):
    folder, _ = searched
    monkeypatch.chdir(folder)
    before = (folder / "study" / "records.jsonl").read_text()
    done = nas(*SEARCH, "--json")
    assert done.code == 0
    assert done.data["state"] == "finished"
    assert done.data["base"]["state"] == "complete"
    assert (folder / "study" / "records.jsonl").read_text() == before


def test_another_question_in_the_same_folder_is_refused(searched, nas, monkeypatch):
    folder, _ = searched
    monkeypatch.chdir(folder)
    before = (folder / "study" / "study.yaml").read_text()
    words = [word if word != "20MFLOPs" else "40MFLOPs" for word in SEARCH]
    done = nas(*words)
    assert done.code == 2
    assert "holds another study" in done.err
    assert done.err.count("\n") == 1
    assert (folder / "study" / "study.yaml").read_text() == before


def test_dry_run_writes_nothing(nas, tmp_path):
    done = nas("search", "--space", "mbconv", "--budget", "400MFLOPs", "--dry-run", "--json")
    assert done.code == 0
    assert done.data["size"] > 10**12
    assert "efficientnet-b0 is a member: 385,814,752" in done.err
    assert not list(tmp_path.iterdir())
