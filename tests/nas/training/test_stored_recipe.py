from __future__ import annotations

import pytest

from nas.training.by_name import training_of
from nas.training.recipes import recipe_of
from nas.training.stored_recipe import stored_recipe
from search_spaces import Architecture, Conv, Stage, save
from search_spaces.errors import UserError

NETWORK = Architecture(image_size=8, classes=10, stages=(Stage(Conv(), out=8),))
FIELDS = {"name": "modern for 2 × base", "epochs": 3, "batch": 32, "drop_path": 0.1}


@pytest.fixture
def member(tmp_path):
    return save(NETWORK, tmp_path / "member.yaml", recipe=FIELDS)


def test_a_network_s_file_brings_its_recipe(member):
    recipe = stored_recipe(member)
    assert {name: getattr(recipe, name) for name in FIELDS} == FIELDS


def test_a_training_takes_it_where_no_other_is_named(member):
    training, _ = training_of(member, "digits", None, device="cpu", threads=1)
    assert (training.recipe.name, training.settings.epochs, training.settings.batch) == ("modern for 2 × base", 3, 32)
    named, _ = training_of(member, "digits", "plain", device="cpu", threads=1, epochs=2)
    assert (named.recipe.name, named.settings.epochs) == (recipe_of("plain").name, 2)


def test_there_is_none_in_other_places(tmp_path):
    assert stored_recipe(save(NETWORK, tmp_path / "n.yaml")) is None
    assert stored_recipe("efficientnet-b0") is None
    assert stored_recipe(NETWORK) is None


def test_a_wrong_one_is_named_with_its_file(tmp_path):
    path = save(NETWORK, tmp_path / "n.yaml", recipe={"epochs": 0})
    with pytest.raises(
        UserError, match=r"n\.yaml: recipe\.epochs: must be an integer of at least 1 and at most 1000000, got 0"
    ):
        stored_recipe(path)
