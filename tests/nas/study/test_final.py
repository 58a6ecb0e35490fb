"""What a study hands over is the network that was asked for: trained, tested and exported at its deployment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nas import export, search
from nas.module.loading import load_network, weights_of
from nas.report.statements import handed_over_lines
from nas.study.final import SHORT, final_training
from nas.study.plan import plan
from nas.training import Recipe
from nas.training.inference import evaluate
from search_spaces import UserError, cost, load

SMALL = Recipe("small", epochs=1, batch=16, image_size=8, optimiser="adamw", lr=0.01)
OPTIONS = {"recipe": SMALL, "trials": 1, "retrain": 0, "workers": 1, "device": "cpu"}


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    """120 of the digits, as 16 px images of ten classes."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.kron(digits.images[:120] * 15, np.ones((2, 2))).astype(np.uint8)
    path = tmp_path_factory.mktemp("data") / "figures.npz"
    np.savez(path, images=images, labels=digits.target[:120])
    return f"npz:{path}"


@pytest.fixture
def at_16(space):
    return replace(space, architecture=replace(space.architecture, image_size=16))


def events(study, name):
    from nas.storage.layout import LOG
    from nas.study.log import read_log

    return [event for event in read_log(study.folder / LOG).events if event["event"] == name]


def test_where_it_is_cheap_the_base_is_trained_at_its_deployment(at_16, spec, tmp_path):
    study = search(at_16, "1MFLOPs", data=spec, out=tmp_path / "s", **{**OPTIONS, "trials": 32})
    final, base = study.final, load(study.folder / "base.yaml")
    assert (study.search_size, final.image_size, final.epochs) == (8, 16, SHORT)
    assert (final.macs, final.params) == (cost(base).macs, cost(base).params) == (study.base.macs, study.base.params)
    assert study.test is None, "the test split is read once: for what is handed over"
    assert f"{final.macs:,}"[:1] in handed_over_lines(study)[0]

    network = load_network(study.folder)
    assert network.architecture == base
    assert weights_of(study.folder) == study.folder / final.folder / "weights.safetensors"
    tested = evaluate(study.folder, spec, split="test", device="cpu")
    assert (tested.evaluation.top1, tested.evaluation.images) == (final.top1, final.images)

    again = search(at_16, "1MFLOPs", data=spec, out=tmp_path / "s", **{**OPTIONS, "trials": 32})
    assert len(events(again, "final")) == len(events(again, "opened")) == 1, "nothing is left to do"


def test_where_it_is_dear_it_says_so_and_a_wish_makes_it(at_16, spec, tmp_path):
    first = search(at_16, "1MFLOPs", data=spec, out=tmp_path / "s", **OPTIONS)
    assert first.final is None
    assert first.test.image_size == 8
    assert "these scores hold at 8 px, the costs at 16 px" in handed_over_lines(first)[-1]
    with pytest.raises(
        UserError, match=r"was trained at 8 px, its base is for 16 px: .* --image-size 8 takes it as it is"
    ):
        export(first.folder, tmp_path / "a.onnx")
    assert load_network(first.folder, image_size=8).architecture.image_size == 8

    second = search(at_16, "1MFLOPs", data=spec, out=tmp_path / "s", final="plain", **OPTIONS)
    assert second.records == first.records
    assert (second.final.recipe, second.final.image_size) == ("plain", 16)
    assert load_network(second.folder).architecture.image_size == 16
    third = search(at_16, "1MFLOPs", data=spec, out=tmp_path / "s", **OPTIONS)
    assert third.final == second.final, "by default what is there is enough"


def test_the_costs_are_said_before(at_16, spec):
    study_plan = plan(at_16, "1MFLOPs", data=spec, recipe=SMALL)
    dear, cheap = (final_training(study_plan, "auto", trials) for trials in (1, 32))
    assert dear.trainings == cheap.trainings > SHORT
    assert (dear.is_wanted, cheap.is_wanted) == (False, True)
    assert "--final does it" in str(dear)
    assert str(cheap).startswith("then the base is trained at 16 px by recipe small: 4 epochs of 4 steps")
    assert final_training(study_plan, "none", 16) is None
    assert final_training(study_plan, "plain", 1).is_wanted
    with pytest.raises(UserError, match="unknown recipe 'plian'; did you mean 'plain'"):
        final_training(study_plan, "plian", 1)


def test_at_the_deployment_size_candidates_are_the_deployed_networks(at_16, spec, tmp_path):
    recipe = replace(SMALL, image_size=None)
    study = search(at_16, "1MFLOPs", data=spec, out=tmp_path / "s", **{**OPTIONS, "recipe": recipe, "final": "none"})
    assert study.final is None
    assert study.test.image_size == 16
    assert load_network(study.folder).architecture == load(study.folder / "base.yaml")


def test_an_interrupted_final_training_goes_on(at_16, spec, tmp_path):
    class Stopped(Exception):
        pass

    def stop(event):
        if event["event"] == "final_epoch" and event["epoch"] == 2:
            raise Stopped

    arguments = {**OPTIONS, "trials": 32, "data": spec}
    with pytest.raises(Stopped):
        search(at_16, "1MFLOPs", out=tmp_path / "s", progress=stop, **arguments)
    study = search(at_16, "1MFLOPs", out=tmp_path / "s", **arguments)
    whole = search(at_16, "1MFLOPs", out=tmp_path / "whole", **arguments)
    assert [event["epoch"] for event in events(study, "final_epoch")] == [1, 2, 3, 4]
    assert replace(study.final, seconds=0) == replace(whole.final, seconds=0)


def test_an_evaluator_of_ones_own_ends_without_a_training(space, by_cost, tmp_path):
    assert search(space, evaluate=by_cost, trials=2, out=tmp_path / "s", final="plain").final is None


def test_what_is_not_mirrored_in_the_search_is_not_in_the_end(at_16, tmp_path, spec):
    for flip in (True, False):
        asked = plan(at_16, "1MFLOPs", data=spec, out=tmp_path / "s", recipe=replace(SMALL, flip=flip))
        assert final_training(asked, "full", 4).sized.recipe.flip is flip
