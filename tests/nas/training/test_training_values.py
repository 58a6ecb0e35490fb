"""Recipes, settings and the reference."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from nas.data.by_name import load_data
from nas.data.store import clear, store_root
from nas.training.recipe import Recipe
from nas.training.recipes import RECIPES, recipe_of
from nas.training.reference import kept_reference, reference, wilson
from nas.training.settings import Settings, settings_for, trained_network
from search_spaces import UserError


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_round_trips_as_json(name):
    first = recipe_of(name)
    again = Recipe.from_data(json.loads(json.dumps(first.to_data())))
    assert (again, again.digest, first.name) == (first, first.digest, name)


def test_every_field_but_the_name_is_in_the_digest():
    first = RECIPES["proxy"]
    other = {
        "name": "x",
        "optimiser": "sgd",
        "init": "torch",
        "schedule": "step",
        "policy": "randaugment",
        "refresh": 2,
    }
    other |= dict.fromkeys(("dropout", "drop_path", "bn_momentum"), 0.5)
    for f in fields(Recipe):
        value = getattr(first, f.name)
        if f.name not in other:
            share = isinstance(value, float) and value <= 1
            other[f.name] = not value if isinstance(value, bool) else 0.5 if share else (value or 0) + 1
        changed = other[f.name]
        assert changed != value
        assert (replace(first, **{f.name: changed}).digest == first.digest) == (f.name == "name"), f.name


def test_an_unknown_recipe_key_or_name_is_refused():
    with pytest.raises(UserError, match="unknown key 'epoch'"):
        Recipe.from_data({**RECIPES["proxy"].to_data(), "epoch": 3})
    with pytest.raises(UserError, match="proxy"):
        recipe_of("proxi")


def test_settings_take_what_is_asked_for_and_round_trip(quick):
    first = settings_for(quick, "cpu", epochs=7)
    assert (first.device, first.dtype, first.epochs, first.image_size, first.batch) == ("cpu", "float32", 7, None, 16)
    assert settings_for(quick, "cpu", image_size=8).image_size == 8
    assert Settings(**first.to_data()) == first
    with pytest.raises(UserError, match="tpu"):
        settings_for(quick, "tpu")


def test_the_proxy_drops_the_first_strides_only(network, quick):
    whole = trained_network(network, quick, 8, 3)
    assert (whole.image_size, whole.classes, whole.stem[0].stride) == (8, 3, 2)
    assert trained_network(network, replace(quick, drop_strides=1), 8, 3).stem[0].stride == 1


def test_wilson_of_a_known_case():
    assert wilson(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)
    assert wilson(10, 10)[1] == pytest.approx(1.0)
    assert wilson(0, 10)[0] == 0.0


def test_a_reference_is_computed_once_and_anew_where_its_file_is_damaged_or_cleared(monkeypatch):
    data, computed = load_data("digits", 3), []
    monkeypatch.setattr("nas.training.reference.reference", lambda images: computed.append(images) or reference(images))
    first = kept_reference(data)
    assert kept_reference(data) == first == reference(data)
    assert len(computed) == 1
    for path in store_root().glob("reference-*.json"):
        path.write_text('{"name": "logistic regression", "top1": "')
    assert kept_reference(data) == first
    assert clear("another") == []
    assert kept_reference(data) == first
    assert len(computed) == 2
    clear()
    assert kept_reference(data) == first
    assert len(computed) == 3


def test_the_reference_of_the_digits():
    result = reference(load_data("digits"))
    assert result.low < result.top1 < result.high
    assert 0.94 < result.top1 < 0.99
    assert result.images == len(load_data("digits").val)
