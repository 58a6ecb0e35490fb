from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nas.study.definition import check_same, read_definition, write_definition
from nas.study.plan import plan
from search_spaces import UserError, cost, greatest, load
from search_spaces.files.codec import from_data
from search_spaces.files.strict_yaml import parse


@pytest.fixture
def definition(space, by_cost):
    return plan(space, "0.4MFLOPs", evaluate=by_cost).definition


def test_round_trip(tmp_path, definition, space):
    write_definition(tmp_path, definition)
    again = read_definition(tmp_path)
    assert again == definition
    assert again.digest == definition.digest
    assert from_data(again.space) == space
    check_same(tmp_path, again, definition)


def test_settings_and_versions_are_no_part_of_the_question(definition):
    other = replace(definition, settings={"device": "cuda"}, versions={"torch": "9"})
    assert other.digest == definition.digest


def test_where_the_images_lie_is_no_part_of_the_question(definition):
    data = {"name": "d", "spec": "folder:a", "digest": "d1-0", "seed": 0, "classes": ["x"], "images": {"train": 1}}
    one, other = (replace(definition, data={**data, "spec": spec}) for spec in ("folder:a", "folder:b"))
    assert one.digest == other.digest
    assert replace(definition, data={**data, "digest": "d1-1"}).digest != one.digest


def test_a_changed_definition_is_refused_naming_every_difference(tmp_path, definition):
    changed = replace(definition, question=replace(definition.question, seed=3), budgets=("1MFLOPs",))
    with pytest.raises(UserError, match=r"budgets \(there .*400KFLOPs.*asked .*1MFLOPs.*; seed \(there 0, asked 3\)"):
        check_same(tmp_path, definition, changed)


def test_the_default_folder_names_space_budget_and_data(definition):
    folder = definition.default_folder()
    assert str(folder).startswith("studies/tiny-400KFLOPs-")
    assert folder.name.endswith(definition.digest[3:11])
    assert replace(definition, question=replace(definition.question, seed=1)).default_folder() != folder


@pytest.mark.parametrize("further", [{"retrain": 0}, {"seeds": 5}, {"retrain": 7, "seeds": 0}])
def test_how_far_a_study_goes_is_no_part_of_the_question(space, by_cost, definition, further):
    other = plan(space, "0.4MFLOPs", evaluate=by_cost, **further)
    assert (other.definition.digest, other.folder) == (definition.digest, definition.default_folder())
    assert {name: getattr(other.question, name) for name in further} == further


def test_digests_are_those_of_the_first_release(definition):
    """Of stored studies, whose folders are named after them."""
    bases = list((Path(__file__).parents[3] / "studies").glob("*/base.yaml"))
    assert len(bases) >= 3
    for base in bases:
        assert read_definition(base.parent).digest == parse(base.read_text())["provenance"]["definition"]


def test_an_unknown_key_or_schema_is_refused(tmp_path, definition):
    write_definition(tmp_path, definition)
    text = (tmp_path / "study.yaml").read_text()
    (tmp_path / "study.yaml").write_text(text + "colour: blue\n")
    with pytest.raises(UserError, match="colour is an unknown key"):
        read_definition(tmp_path)
    (tmp_path / "study.yaml").write_text(text.replace("schema: 1", "schema: 99", 1))
    with pytest.raises(UserError, match="schema must be 1"):
        read_definition(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budgets": "1KFLOPs"}, r"below the smallest network of tiny at 32 px and 10 classes, which has [\d,]+ MACs"),
        (
            {"budgets": "900..901GFLOPs"},
            r"above the largest network of tiny at 32 px and 10 classes, which has [\d,]+ MACs",
        ),
        ({"budgets": "0.000001MB"}, "bytes of weights"),
        ({"sampler": "magic"}, "sampler: must be one of predictor, tpe, nsga2, evolution, local, random, got 'magic'"),
        ({"pruner": "magic"}, "pruner: must be one of"),
        ({"objective": "magic"}, "objective: must be one of"),
        ({"epochs": 0}, "epochs: must be an integer of at least 1 and at most 1000000, got 0"),
        ({"retrain": -1}, "retrain: must be an integer of at least 0"),
        ({"smapler": "tpe"}, "unknown option 'smapler'; did you mean 'sampler'"),
        ({"blocks": "no_such_module"}, "cannot import 'no_such_module'"),
    ],
)
def test_wrong_arguments_get_one_line(space, by_cost, arguments, message):
    arguments = {"budgets": (), "evaluate": by_cost, **arguments}
    searched = "mbconv" if "blocks" in arguments else space
    with pytest.raises(UserError, match=message) as raised:
        plan(searched, arguments.pop("budgets"), **arguments)
    assert "\n" not in str(raised.value)


def test_two_budgets_that_exclude_each_other_are_refused(space, by_cost):
    most = cost(greatest(space, "params")).params / 1000
    with pytest.raises(
        UserError,
        match=r"nothing of tiny at 32 px .* lies within 60..63KFLOPs and .*; the nearest that exist: .* MACs \(within ",
    ):
        plan(space, ("60..63KFLOPs", f"{most}..{most}Kparams"), evaluate=by_cost)


def test_a_network_is_no_space(by_cost):
    with pytest.raises(UserError, match="nothing in it is left open"):
        plan("efficientnet-b0", evaluate=by_cost)


def test_the_deployment_size_can_be_changed(by_cost):
    study_plan = plan("mbconv", image_size=96, classes=5, evaluate=by_cost)
    assert (study_plan.space.architecture.image_size, study_plan.space.architecture.classes) == (96, 5)
    assert load("mbconv").architecture.image_size == 224
