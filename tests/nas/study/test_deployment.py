"""Budgets hold at one image size and number of classes, which come from the data where nobody says otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nas.study.deployment import DEFAULT_SPACES, deployment_lines, proposed_size
from nas.study.plan import plan
from search_spaces import UserError, load


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """48 images of 40 px in four classes."""
    path = tmp_path_factory.mktemp("data") / "pictures.npz"
    images = np.random.default_rng(0).integers(0, 256, (48, 40, 40, 3), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(48) % 4)
    return f"npz:{path}"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def size_of(study_plan):
    return study_plan.space.architecture.image_size, study_plan.space.architecture.classes


@pytest.mark.parametrize(("side", "size"), [(8, 8), (40, 40), (100, 100), (224, 224), (1000, 224)])
def test_the_images_own_size_is_proposed_as_nothing_is_resized_then(side, size):
    assert proposed_size(side) == size


def test_classes_come_from_the_data_and_the_size_from_a_named_space(pictures):
    assert size_of(plan("mbconv", data=pictures)) == (224, 4)
    assert size_of(plan("mbconv", data=pictures, image_size=64, classes=7)) == (64, 7)


def test_the_demonstration_keeps_the_spaces_own_classes():
    assert size_of(plan("mbconv")) == (224, 1000)


@pytest.mark.parametrize(("budget", "name"), [("50MFLOPs", "mbconv"), ("1MFLOPs", "mobile-small")])
def test_without_a_space_it_is_the_first_that_fits_at_the_size_of_the_images(pictures, budget, name):
    chosen = plan(None, budget, data=pictures)
    assert chosen.space.name == name
    assert size_of(chosen) == (40, 4)
    assert chosen.definition.name == name


def test_a_refused_budget_says_at_which_size_and_classes(pictures):
    with pytest.raises(
        UserError, match=r"smallest network of mobile-small at 40 px and 4 classes, which has [\d,]+ MACs"
    ):
        plan(None, "1kFLOPs", data=pictures)
    with pytest.raises(UserError, match="largest network of mbconv at 96 px and 4 classes"):
        plan("mbconv", "9..10GFLOPs", data=pictures, image_size=96)


def test_data_are_looked_at_before_the_space(tmp_path):
    with pytest.raises(UserError, match=r"missing\.npz is not a file"):
        plan("no-such-space", data=f"npz:{tmp_path / 'missing.npz'}")


def lines_of(spec, **options):
    study_plan = plan(options.pop("space", "mbconv"), options.pop("budgets", ()), data=spec, **options)
    return deployment_lines(study_plan.space, study_plan.question, study_plan.data)


def test_one_line_says_what_differs_from_the_data_and_how_to_change_it(pictures):
    assert lines_of(pictures) == [
        "budgets hold at 224 px and 4 classes; the images are 40 px: --image-size 40 is theirs"
    ]
    assert lines_of(pictures, image_size=224) == ["budgets hold at 224 px and 4 classes"]
    assert lines_of("digits") == ["budgets hold at 224 px and 1,000 classes"]
    assert lines_of(pictures, space=None, budgets="1MFLOPs") == [
        "budgets hold at 40 px and 4 classes",
        f"no --space was named: mobile-small is the first of {', '.join(DEFAULT_SPACES)} that fits",
    ]


def test_small_devices_have_members_without_writing_a_space(pictures):
    space = load("mobile-small")
    for side in (32, 64, 96, 128):
        at = replace(space, architecture=replace(space.architecture, image_size=side))
        for budget in ("3MFLOPs", "50kparams"):
            assert plan(at, budget, data=pictures).feasible.count > 1000
