"""`nas scale-compare`, `nas scale-fit` and `nas scale --family --train`, really trained, on the digits."""

from __future__ import annotations

import pytest

from nas.study import open_study
from search_spaces import Architecture, Conv, Stage, save

ALIKE = ("--data", "digits", "--epochs", 1, "--set", "batch=128", "--workers", 1)


@pytest.fixture
def base(tmp_path):
    stages = (Stage(Conv(), out=8, stride=2), Stage(Conv(), out=16, repeats=2, stride=2))
    save(Architecture(image_size=8, stages=stages), tmp_path / "base.yaml")
    return "base.yaml"


def test_compare_trains_alike_and_says_yes_no_or_not_resolved(nas, base):
    words = ("scale-compare", base, *ALIKE, "--factor", 2, "--seeds", 2, "--out", "study")
    done = nas(*words, "--json")
    assert done.code == 0
    [verdict] = done.data["verdicts"]
    assert verdict["verdict"] in ("yes", "no", "not resolved")
    assert {row["name"] for row in done.data["rows"]} == {
        "base",
        "compound-x2",
        "depth-x2",
        "width-x2",
        "resolution-x2",
    }
    assert "the images are 8 px: resolution-x2" in done.err
    again = nas(*words)
    assert "does compound scaling beat the best single dimension?" in again.out
    assert "page study/report.html" in again.out
    assert " seed 0" not in again.err  # nothing is trained twice


def test_fit_writes_coefficients_that_scale_takes(nas, base):
    words = ("scale-fit", base, *ALIKE, "--step", 0.2, "--seeds", 1, "--out", "study")
    fitted = nas(*words, "--json").data["fitted"]
    scaled = nas("scale", base, "--phi", 1, "--coefficients", "study/coefficients.yaml", "--json").data["scaled"]
    assert {name: fitted[name] for name in ("alpha", "beta", "gamma")} == scaled["coefficients"]
    out = nas(*words).out
    assert "next: nas scale base.yaml --phi 2 --coefficients study/coefficients.yaml" in out


def test_a_family_is_trained_beside_known_networks(nas, base):
    words = ("scale", base, "--phis", "1,2", "--train", *ALIKE, "--seeds", 1, "--out", "study")
    done = nas(*words)
    assert done.code == 0, done.err
    study = open_study("study")
    assert [record.decisions["member"] for record in study.records] == ["base", "phi1", "phi2"]
    assert len(list((study.folder / "checkpoints").iterdir())) == 3
    assert "study" in nas("studies", "list", "--json").out or nas("report", "study", "--text").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("scale-compare", "efficientnet-b0", "--data", "digits", "--factor", "a"), "--factor must be numbers"),
        (
            ("scale-compare", "efficientnet-b0", "--data", "digits", "--factor", "1"),
            "factor: must be different numbers",
        ),
        (("scale-compare", "efficientnet-b0", "--data", "digits", "--workers", "0"), "workers: must be auto or"),
        (("scale-fit", "efficientnet-b0", "--data", "digits", "--step", "0"), "step: must be a number from 0.01"),
        (("scale-fit", "efficientnet-b0", "--data", "digits", "--executor", "x"), "executor: must be one of auto"),
        (("scale-fit", "efficientnet-b0", "--data", "nothing"), "data must be"),
    ],
)
def test_wrong_usage_is_one_line(nas, words, message):
    done = nas(*words)
    assert done.code == 2
    assert message in done.err.splitlines()[-1]
