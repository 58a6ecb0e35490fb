"""The command on a card makes the training that the study made."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from made_up_study import record

from nas.cli.arguments import recipe_with
from nas.cli.train import parser
from nas.report.commands import commands, commands_of, nearest_recipe
from nas.study.job import key_of
from nas.study.plan import plan
from nas.training.by_name import training_of
from nas.training.key import key
from nas.training.recipes import RECIPES
from nas.training.settings import settings_for, trained_network
from search_spaces import save

CHANGED = RECIPES["proxy"].changed({"label_smoothing": 0.2, "rotate": 3})


def asked(study, recipe, **options):
    """The study with the definition that a search on the digits would have, and its plan."""
    searched = plan("mbconv", "400MFLOPs", recipe=recipe, data="digits", out="nowhere", **options)
    settings = settings_for(
        searched.recipe,
        "cpu",
        epochs=searched.sized.epochs,
        image_size=searched.search_size,
        batch=searched.sized.batch,
    )
    definition = replace(searched.definition, settings=settings.to_data())
    return replace(study, definition=definition), searched


def trained_by(text, folder, network):
    """The training that the second line means, of the network that the first line writes."""
    options = parser().parse_args(shlex.split(text.splitlines()[1])[2:])
    path = save(network, folder / options.network)
    recipe = recipe_with(options.recipe, options.set)
    given = {
        name: getattr(options, name) for name in ("epochs", "image_size", "batch", "threads", "seed", "accumulate")
    }
    return training_of(path, options.data, recipe, device=options.device, **given)[0]


def test_the_command_makes_the_same_training_but_for_the_order(study, tmp_path):
    study, searched = asked(study, CHANGED, image_size=32)
    network = searched.space.decide(searched.space.vector(7919))
    trial = record(3, "complete", 1, 0.5, seed=77)
    training = trained_by(commands_of(study, trial, network), tmp_path, network)
    made = key(training.trained, training.recipe, training.settings, training.data)
    assert made == key_of(searched, study.definition)(network)
    assert (training.seed, training.settings.image_size) == (77, None)


def test_strides_that_the_search_dropped_and_gradient_accumulation_are_part_of_it(study, tmp_path):
    study, searched = asked(study, CHANGED.changed({"min_map": 4, "image_size": 8}))
    network = searched.space.decide(searched.space.vector(7919))
    trial = record(3, "complete", 1, 0.5, accumulate=2)
    text = commands_of(study, trial, network)
    training = trained_by(text, tmp_path, network)
    assert training.trained == trained_network(network, searched.recipe, 8, 10)
    assert training.settings.accumulate == 2
    assert "--set drop_strides=" in text


def test_any_recipe_is_a_ready_one_with_few_changes():
    name, changes = nearest_recipe(RECIPES["modern"].changed({"clip": 1.0}))
    assert (name, changes) == ("modern", {"clip": 1.0})


@pytest.mark.parametrize("recipe", [None, {"name": "old", "epochs": 3, "newer": 1}])
def test_without_a_known_recipe_the_network_is_opened_instead(study, recipe):
    text = commands(replace(study, definition=replace(study.definition, recipe=recipe)))
    assert text.splitlines()[1] == "nas cost trial-{trial}.yaml --layers"
