from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from nas.module.files import load_weights, save_weights
from nas.training.inference import evaluate
from nas.training.tta import with_tta
from search_spaces import UserError
from search_spaces.counting.intervals import wilson


def test_a_training_is_evaluated_on_the_validation_split(nas, run_folder):
    done = nas("evaluate", run_folder, "--data", "digits", "--json")
    data = done.data
    assert done.err == ""
    assert data["split"] == "val"
    assert data["images"] == sum(map(sum, data["confusion"])) == 359
    assert 0.6 < data["top1"] < data["top5"] <= 1
    assert data["top1_interval"] == list(wilson(round(data["top1"] * 359), 359))
    shares = [row["top1"] for row in data["per_class"]]
    assert shares == sorted(shares)
    wrong = [pair["images"] for pair in data["confused"]]
    assert wrong == sorted(wrong, reverse=True)
    assert data["images_per_second"] > 0


def test_a_study_and_its_checkpoint_tell_the_same(nas, run_folder, study_folder):
    ours = nas("evaluate", run_folder, "--data", "digits", "--json").data
    weights = (run_folder, study_folder, run_folder / "weights.safetensors")
    for words in ((study_folder,), *((study_folder, "--weights", path) for path in weights)):
        theirs = nas("evaluate", *words, "--data", "digits", "--json").data
        assert (theirs["confusion"], theirs["loss"]) == (ours["confusion"], ours["loss"])


def test_an_old_checkpoint_is_normalised_by_the_data_and_says_so(nas, run_folder, study_folder):
    ours = nas("evaluate", run_folder, "--data", "digits", "--json").data
    words = (study_folder, "--weights", study_folder / "old.ckpt", "--data", "digits", "--json")
    done = nas("evaluate", *words, "--image-size", 16)
    assert "does not say how images were normalised" in done.err
    assert done.data["confusion"] == ours["confusion"]


def test_for_people_with_a_word_on_the_test_split(nas, run_folder):
    done = nas("evaluate", run_folder, "--data", "digits", "--split", "test")
    assert "the test split is for one final evaluation" in done.err
    assert "top-1" in done.out
    assert "(95 %:" in done.out
    assert "taken for" in done.out


def test_other_splits_are_noticed(nas, run_folder):
    assert "some may have been trained on" in nas("evaluate", run_folder, "--data", "digits", "--seed", 1).err


def test_other_classes_are_refused(nas, run_folder, tmp_path):
    state, trained = load_weights(run_folder / "weights.safetensors")
    save_weights(tmp_path / "other.safetensors", state, replace(trained, classes=(*trained.classes[:9], "ten")))
    done = nas("evaluate", run_folder, "--weights", tmp_path / "other.safetensors", "--data", "digits")
    assert done.code == 2
    assert "class 9 is 'ten' in" in done.err
    state["head.classifier.weight"], state["head.classifier.bias"] = torch.zeros(3, 32), torch.zeros(3)
    three = replace(trained, classes=("a", "b", "c"), architecture={**trained.architecture, "classes": 3})
    save_weights(tmp_path / "three.safetensors", state, three)
    done = nas("evaluate", run_folder, "--weights", tmp_path / "three.safetensors", "--data", "digits")
    assert "knows 3 classes, digits has 10" in done.err


@pytest.mark.parametrize("command", [("evaluate", "--data", "digits"), ("predict", "x.png"), ("export", "--json")])
def test_weights_of_another_network_are_refused(nas, run_folder, command):
    name, *rest = command
    done = nas(name, "resnet-18", *rest, "--weights", run_folder / "weights.safetensors")
    assert done.code == 2
    assert "does not fit resnet-18: stem.0.0.conv.weight is (16, 3, 3, 3) in the weights and (64, 3, 7, 7)" in done.err


def test_no_weights_is_one_line(nas):
    done = nas("evaluate", "resnet-18", "--data", "digits")
    assert done.code == 2
    assert "resnet-18 comes without weights; --weights names a file of them" in done.err


def test_test_time_mirroring_is_named_and_changes_what_is_predicted(nas, run_folder):
    plain = nas("evaluate", run_folder, "--data", "digits", "--json")
    mirrored = nas("evaluate", run_folder, "--data", "digits", "--tta", "mirror", "--json")
    assert "test-time augmentation mirror: every image is computed 2 times" in mirrored.err
    assert mirrored.data["loss"] != plain.data["loss"]


def test_mirroring_is_the_mean_over_both_images():
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 4))
    x = torch.randn(2, 3, 2, 2)
    mirrored = with_tta(module, "mirror")
    assert torch.equal(mirrored(x), mirrored(x.flip(-1)))
    assert torch.allclose(mirrored(x), (module(x) + module(x.flip(-1))) / 2)
    assert with_tta(module, "none") is module


def test_an_unknown_test_time_augmentation_is_refused(run_folder):
    with pytest.raises(UserError, match="tta: must be one of none, mirror, shifts, got 'flip'"):
        evaluate(run_folder, "digits", tta="flip")


def test_shifts_are_the_mean_over_shifted_images_and_their_mirror_images():
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 4))
    x = torch.randn(2, 3, 4, 4)
    rows = {-1: (1, 0, 1, 2), 1: (1, 2, 3, 2)}  # of an image shifted down and up, its border mirrored
    shifted = [x[:, :, rows[by]][..., rows[by]] for by in rows]
    mirrored = with_tta(module, "mirror")
    expected = mirrored(x) / 2 + (mirrored(shifted[0]) + mirrored(shifted[1])) / 4
    assert torch.allclose(with_tta(module, "shifts")(x), expected, atol=1e-6)
