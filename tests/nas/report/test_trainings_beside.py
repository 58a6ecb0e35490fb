"""Trainings beside what a study hands over."""

import json
from dataclasses import replace

import pytest

from nas.report.page import page
from nas.report.trainings_beside import beside_lines, beside_rows, beside_titles, read_beside
from nas.study.outcome import FinalScore
from search_spaces.errors import UserError
from search_spaces.files.strict_yaml import dump

EVIL = "<script>alert(1)</script>"


def training(folder, study, top1=0.9, seconds=3600.0, **changed):
    """The folder of a training on the study's images, as ``nas train`` leaves it."""
    folder.mkdir()
    evaluation = {"top1": top1, "images": 1000, "per_class": []}
    definition = {
        "name": "resnet-18",
        "data": {"name": "photos", "digest": study.definition.data["digest"]},
        "recipe": {"name": "fast", "epochs": 8},
        "settings": {"device": "cpu", "threads": 2, "image_size": 32},
        "seed": 0,
        "weights": "0123",
        "weights_name": "torchvision-resnet-18-IMAGENET1K_V1",
    }
    summary = {"data": "photos", "recipe": "fast", "epochs": 8, "image_size": 32, "params": 11_000_000}
    summary |= {"macs": 37_000_000, "seconds": seconds, "val": evaluation, "test": evaluation}
    (folder / "train.yaml").write_text(dump(definition | changed))
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "network.yaml").write_text("schema: 1\n")
    return folder


@pytest.fixture
def ended(study):
    final = FinalScore(
        trial=study.base.trial,
        recipe="fast",
        recipe_digest="r",
        epochs=8,
        image_size=64,
        folder="final",
        params=1_000_000,
        macs=2_000_000,
        validation=0.95,
        top1=0.94,
        images=1000,
        seconds=3600.0,
    )
    records = tuple(replace(record, seconds=0.0) for record in study.records)
    return replace(study, final=final, finals={final.trial: final}, records=records)


def test_rows_have_what_is_handed_over_and_each_training(ended, tmp_path):
    runs = read_beside(ended, [training(tmp_path / "tuned", ended)])
    study, tuned = beside_rows(ended, runs)
    assert beside_titles(ended)[-1] == "core-hours"
    assert study[:5] == (f"{ended.name}: base as trained in the end", "random weights", "1.000 M", "2.000 M", "64 px")
    assert study[6:] == ("94.0 % (92.4 to 95.3 %)", "1")
    assert tuned[:5] == ("tuned: resnet-18", "torchvision-resnet-18-IMAGENET1K_V1", "11.00 M", "37.00 M", "32 px")
    assert tuned[5:] == ("90.0 % (88.0 to 91.7 %)", "90.0 % (88.0 to 91.7 %)", "2")


def test_who_is_ahead_is_said_of_the_test_split_and_unequal_costs_are_named(ended, tmp_path):
    runs = read_beside(ended, [training(tmp_path / "tuned", ended), training(tmp_path / "alike", ended, 0.96, 1800.0)])
    begun = "(resnet-18, begun from torchvision-resnet-18-IMAGENET1K_V1) on test"
    assert beside_lines(ended, runs) == [
        f"The base as trained in the end (94.0 %) beats tuned {begun} by 4.0 points.",
        "tuned had 2 times the core-hours of the study: costs are not equal.",
        f"The base as trained in the end (94.0 %) does not beat alike {begun} (-2.0 points).",
    ]


def test_a_training_of_other_images_is_refused(ended, tmp_path):
    folder = training(tmp_path / "other", ended, data={"name": "cats", "digest": "d1-cafe"})
    with pytest.raises(UserError, match=r"other was trained on cats d1-cafe, .* no scores to compare"):
        read_beside(ended, [folder])


def test_a_training_that_has_not_ended_is_refused(ended, tmp_path):
    folder = training(tmp_path / "begun", ended)
    (folder / "summary.json").unlink()
    with pytest.raises(UserError, match="has not ended"):
        read_beside(ended, [folder])


def test_the_page_shows_them_as_text(ended, tmp_path):
    folder = training(tmp_path / "tuned", ended, weights_name=EVIL)
    assert "Beside it" not in page(ended)
    text = page(ended, beside=read_beside(ended, [folder]))
    assert "Beside it, on the same images" in text
    assert "&lt;script&gt;alert(1)" in text
    assert EVIL not in text


@pytest.mark.parametrize(("option", "value"), [("--beside", "x"), ("--trial", "0")])
def test_what_only_a_study_has_is_refused_for_a_training(study, tmp_path, nas, option, value):
    folder = training(tmp_path / "tuned", study)
    done = nas("report", folder, option, value)
    assert done.code == 2
    assert f"{option} is for studies" in done.err
    assert not (folder / "report.html").exists()
