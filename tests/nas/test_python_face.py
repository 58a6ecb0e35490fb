"""What Python users get from `import nas`: the commands' work as functions."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nas
from nas.training.by_name import SETTINGS
from nas.training.recipes import RECIPES
from search_spaces import UserError, cost, load, save


@pytest.mark.parametrize("name", nas.__all__)
def test_every_public_name_is_a_documented_function(name):
    function = getattr(nas, name)
    assert inspect.isfunction(function)
    assert function.__name__ == name
    assert function.__doc__


def test_the_functions_in_the_page_on_training_exist():
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text()
    calls = re.findall(r"`nas\.(\w+)\(([^`]*)\)`", page)
    assert {name for name, _ in calls} == set(nas.__all__) - {"search"}
    for name, arguments in calls:
        keywords = re.findall(r"(\w+)=", arguments)
        taken = set(inspect.signature(getattr(nas, name)).parameters)
        taken |= {*SETTINGS, "seed", "weights"} if name == "train" else set()
        assert set(keywords) <= taken


def test_other_names_are_no_attributes():
    with pytest.raises(AttributeError, match="module 'nas' has no attribute 'serch'"):
        nas.serch  # noqa: B018


def test_importing_nas_imports_nothing_heavy():
    program = "import nas, sys; print([name for name in ('torch', 'numpy', 'search_spaces') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"


def test_evaluate_takes_a_name_of_data_or_the_data(run_folder):
    data = nas.load_data("digits")
    result = nas.evaluate(run_folder, data)
    assert result.evaluation.confusion == nas.evaluate(str(run_folder), "digits").evaluation.confusion
    assert (result.split, result.classes, result.notes) == ("val", data.classes, ())
    assert 0.6 < result.evaluation.top1 < result.evaluation.top5
    with pytest.raises(UserError, match=r"^split: must be one of train, val, test, got 'validation'"):
        nas.evaluate(run_folder, data, split="validation")


def test_what_the_reader_of_an_evaluation_must_know_is_noted(run_folder):
    notes = nas.evaluate(run_folder, "digits", split="test", seed=1).notes
    assert "final evaluation" in notes[0]
    assert "some may have been trained on" in notes[1]


def test_predict_gives_classes_by_probability_and_the_error_of_an_image(run_folder, tmp_path):
    val = nas.load_data("digits").val
    Image.fromarray(val.images[0, 0]).save(tmp_path / "digit.png")
    digit, absent = nas.predict(run_folder, [tmp_path / "digit.png", tmp_path / "absent.png"], top=10)
    assert digit.error is None
    probabilities = [probability for _, probability in digit.classes]
    assert probabilities == sorted(probabilities, reverse=True)
    assert np.isclose(sum(probabilities), 1)
    assert (absent.classes, "absent.png" in absent.error) == ((), True)


def test_a_network_is_loaded_with_the_weights_in_its_folder(run_folder, study_folder):
    trained = nas.load_network(run_folder)
    assert (trained.architecture.image_size, trained.architecture.classes) == (16, 10)
    assert not trained.module.training
    assert nas.load_network(study_folder, image_size=32).architecture.image_size == 32
    with pytest.raises(UserError, match=r"^resnet-18 comes without weights"):
        nas.load_network("resnet-18")


@pytest.fixture(scope="module")
def little(run_folder):
    """A small network: its architecture and its file."""
    return load(run_folder / "network.yaml"), run_folder / "network.yaml"


def test_train_takes_names_and_values_and_gives_the_summary(little, tmp_path):
    architecture, file = little
    options = {"recipe": "proxy", "epochs": 1, "image_size": 16, "seed": np.int64(1), "device": "cpu"}
    summary = nas.train(str(file), "digits", out=tmp_path / "named", **options)
    assert (summary["name"], summary["epochs"], summary["seed"]) == ("network", 1, 1)
    assert 0 <= summary["test"]["top1"] <= 1
    assert all(type(value) in (str, int, float, list, dict, type(None)) for value in summary.values())
    assert nas.train(file, "digits", out=tmp_path / "named", **options) == summary  # it was done already
    calls = []
    of_values = {**options, "recipe": RECIPES["proxy"], "on_epoch": lambda epoch, metrics: calls.append(epoch)}
    again = nas.train(architecture, nas.load_data("digits"), out=str(tmp_path / "values"), **of_values)
    assert (again["test"]["top1"], calls) == (summary["test"]["top1"], [1])
    assert nas.evaluate(tmp_path / "named", "digits").evaluation.top1 == summary["val"]["top1"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epoch": 3}, "unknown option 'epoch'; did you mean 'epochs'"),
        ({"epochs": 0}, "epochs: must be an integer of at least 1 and at most 1000000, got 0"),
        ({"epochs": "3"}, "epochs: must be an integer of at least 1 and at most 1000000, got '3'"),
        ({"seed": -1}, "seed: must be an integer of at least 0, got -1"),
        ({"threads": 0}, "threads: must be an integer of at least 1, got 0"),
        ({"dtype": "int8"}, "dtype: must be one of"),
        ({"recipe": "modem"}, "unknown recipe 'modem'"),
        ({"device": "gpu"}, "device: must be auto, cpu, cuda or cuda:N, got 'gpu'"),
        ({"resume": True}, "holds no training that could be resumed"),
    ],
)
def test_wrong_options_of_train_are_named_and_nothing_is_written(little, tmp_path, wrong, message):
    with pytest.raises(UserError, match=message):
        nas.train(little[1], "digits", out=tmp_path / "run", **{"device": "cpu", **wrong})
    assert not (tmp_path / "run").exists()


def test_networks_are_named_built_measured_and_copied(little, tmp_path):
    architecture, file = little
    save(architecture, tmp_path / "base.yaml")
    for source in (file, str(file), tmp_path, architecture):
        module = nas.build(source)
        assert sum(weight.numel() for weight in module.parameters()) == cost(architecture).params
    measured = nas.measure(str(file), image_size=32)
    assert measured.fvcore.macs == cost(architecture.at(32)).macs
    assert {type(value) for value in (measured.fvcore.macs, measured.latency.median_ms)} == {int, float}
    copied = nas.copy_weights(module, file)
    assert copied is not module
    assert all((a == b).all() for a, b in zip(module.parameters(), copied.parameters(), strict=True))
    with pytest.raises(UserError, match="resnet-19"):
        nas.build("resnet-19")


def test_numbers_of_evaluation_and_prediction_are_numbers(run_folder, tmp_path):
    facts = nas.evaluate(run_folder, "digits").facts()
    assert {type(facts[name]) for name in ("top1", "loss", "images_per_second")} == {float}
    Image.fromarray(nas.load_data("digits").val.images[0, 0]).save(tmp_path / "digit.png")
    [prediction] = nas.predict(run_folder, [tmp_path / "digit.png"])
    assert {type(probability) for _, probability in prediction.classes} == {float}
