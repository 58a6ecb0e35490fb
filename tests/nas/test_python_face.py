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
from search_spaces import UserError


@pytest.mark.parametrize("name", nas.__all__)
def test_every_public_name_is_a_documented_function(name):
    function = getattr(nas, name)
    assert inspect.isfunction(function)
    assert function.__name__ == name
    assert function.__doc__


def test_the_functions_in_the_page_on_training_exist():
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text()
    calls = re.findall(r"`nas\.(\w+)\(([^`]*)\)`", page)
    assert {name for name, _ in calls} == {"evaluate", "export", "load_network", "measure", "predict"}
    for name, arguments in calls:
        keywords = re.findall(r"(\w+)=", arguments)
        assert set(keywords) <= set(inspect.signature(getattr(nas, name)).parameters)


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
