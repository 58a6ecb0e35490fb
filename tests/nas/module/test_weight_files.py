from __future__ import annotations

import json
import os
import pickle
from contextlib import suppress
from dataclasses import fields

import pytest
import torch
from safetensors.torch import save_file

from nas.module.files import FORMAT, Trained, fit_weights, load_weights, save_weights
from nas.module.network import build
from search_spaces import Architecture, Aux, Conv, Head, Stage, UserError
from search_spaces.files.codec import to_data


def network(classes=3, width=8, aux=()):
    return Architecture(
        image_size=8,
        classes=classes,
        stem=(Stage(Conv(kernel=3), out=width),),
        stages=(Stage(Conv(kernel=1), out=width),),
        head=Head(),
        aux=aux,
    )


def trained(architecture=None, **other):
    facts = {
        "architecture": to_data(architecture or network()),
        "name": "mine",
        "classes": ("a", "b", "c"),
        "image_size": 8,
        "in_channels": 3,
        "mean": (127.5, 1.0, 2.0),
        "deviation": (60.0, 61.0, 62.0),
        "provenance": {"recipe": "quick", "top1": 0.9},
    }
    return Trained(**{**facts, **other})


@pytest.fixture
def state():
    return build(network()).to(memory_format=torch.channels_last).state_dict()


def test_weights_come_back_bit_for_bit_with_what_was_trained(tmp_path, state):
    path = tmp_path / "new" / "w.safetensors"
    save_weights(path, state, trained())
    back, about = load_weights(path)
    assert about == trained()
    assert about.network() == network()
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) for name in state)
    assert [file.name for file in path.parent.iterdir()] == ["w.safetensors"]


def test_plain_data_is_json_and_back():
    assert Trained.from_data(json.loads(json.dumps(trained().to_data()))) == trained()


def test_foreign_safetensors_tell_nothing_of_the_training(tmp_path, state):
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, tmp_path / "w.safetensors")
    back, about = load_weights(tmp_path / "w.safetensors")
    assert about is None
    assert back.keys() == state.keys()


@pytest.mark.parametrize("average", [True, False])
def test_a_study_s_checkpoint_gives_its_average_or_else_its_model(tmp_path, state, average):
    other = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
    checkpoint = {"key": "k", "model": other if average else state, "average": state if average else {}, "loss": 0.5}
    torch.save(checkpoint, tmp_path / "old.ckpt")
    torch.save({**checkpoint, "trained": trained().to_data()}, tmp_path / "new.ckpt")
    for name, expected in (("old.ckpt", None), ("new.ckpt", trained())):
        back, about = load_weights(tmp_path / name)
        assert about == expected
        assert all(torch.equal(back[key], state[key]) for key in state)


class Hostile:
    def __reduce__(self):
        return os.mkdir, ("harm",)


@pytest.mark.parametrize("library", ["torch", "pickle"])
def test_a_hostile_file_is_refused_and_runs_nothing(tmp_path, monkeypatch, library):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bad.ckpt"
    if library == "torch":
        torch.save({"model": Hostile()}, path)
    else:
        path.write_bytes(pickle.dumps({"model": Hostile()}))
    with pytest.raises(UserError, match=r"bad\.ckpt: holds no weights that can be read"):
        load_weights(path)
    assert not (tmp_path / "harm").exists()


def test_an_error_of_our_own_is_not_blamed_on_the_file(tmp_path, state, monkeypatch):
    def broken(data):
        raise TypeError("a programming error")

    save_weights(tmp_path / "w.safetensors", state, trained())
    torch.save({"model": state, "trained": trained().to_data()}, tmp_path / "w.ckpt")
    monkeypatch.setattr(Trained, "from_data", broken)
    for name in ("w.safetensors", "w.ckpt"):
        with pytest.raises(TypeError, match="a programming error"):
            load_weights(tmp_path / name)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.5, 0.99])
@pytest.mark.parametrize("kind", ["safetensors", "ckpt"])
def test_a_truncated_file_is_named(tmp_path, state, kind, share):
    path = tmp_path / f"w.{kind}"
    if kind == "ckpt":
        torch.save({"model": state, "average": {}}, path)
    else:
        save_weights(path, state, trained())
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UserError, match=rf"w\.{kind}.* holds no weights that can be read"):
        load_weights(path)


def test_what_holds_no_tensors_is_named(tmp_path):
    cases = [([1], "holds list"), ({"a": 3}, "'a' is none"), ({}, "no tensors"), ({"model": 3}, "'model' is none")]
    for number, (value, message) in enumerate(cases):
        path = tmp_path / f"{number}.ckpt"
        torch.save(value, path)
        with pytest.raises(UserError, match=message):
            load_weights(path)
    with pytest.raises(UserError, match="No such file"):
        load_weights(tmp_path / "absent")


def test_a_later_format_is_refused(tmp_path, state):
    save_file({"a": torch.zeros(1)}, tmp_path / "w.safetensors", {"format": "nas-weights-2"})
    with pytest.raises(UserError, match=r"w\.safetensors: its format must be nas-weights-1, got 'nas-weights-2'"):
        load_weights(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dtype": "int8"}, "trained.dtype: must be one of float32, bfloat16, float16, got 'int8'"),
        ({"mean": (1.0,)}, "trained.mean: must have 3 entries, got 1"),
        ({"mean": (1.0, 2.0, float("nan"))}, "trained.mean.2: must be a number, got nan"),
        ({"deviation": (1.0, 0.0, 1.0)}, "trained.deviation.1: must be a number above 0, got 0"),
        ({"image_size": 0}, "trained.image_size: must be an integer of at least 1, got 0"),
        ({"classes": ()}, "trained.classes"),
    ],
)
def test_wrong_facts_are_refused_by_name(change, message):
    with pytest.raises(UserError, match=message):
        trained(**change)


@pytest.mark.parametrize("value", [None, 3, -1, 0.5, "x", [], [None], ["a"] * 3, {}, {"x": [{}]}, True, 1e400, 10**400])
@pytest.mark.parametrize("name", [f.name for f in fields(Trained)])
def test_what_a_file_says_of_its_training_is_right_or_refused(tmp_path, state, name, value):
    data = trained().to_data() | {name: value}
    save_file({"w": torch.zeros(1)}, tmp_path / "w.safetensors", {"format": FORMAT, "trained": json.dumps(data)})
    with suppress(UserError):
        load_weights(tmp_path / "w.safetensors")[1].network()


def test_facts_nested_too_deeply_are_refused(tmp_path):
    about = {"format": FORMAT, "trained": "[" * 100_000}
    save_file({"w": torch.zeros(1)}, tmp_path / "w.safetensors", about)
    with pytest.raises(UserError, match=r"w\.safetensors: holds no weights that can be read"):
        load_weights(tmp_path / "w.safetensors")


def test_data_with_other_keys_or_another_network_is_refused():
    data = trained().to_data()
    with pytest.raises(UserError, match="'more' differs"):
        Trained.from_data({**data, "more": 1})
    with pytest.raises(UserError, match="must hold keys"):
        Trained.from_data([])
    with pytest.raises(UserError, match="the rest says"):
        trained(network(classes=4)).network()


def test_the_first_tensor_that_does_not_fit_is_named_and_nothing_changes(state):
    module = build(network(width=16))
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    with pytest.raises(
        UserError, match=r"stem\.0\.0\.conv\.weight is \(8, 3, 3, 3\) in the weights and \(16, 3, 3, 3\)"
    ):
        fit_weights(module, state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    lacking = {name: tensor for name, tensor in state.items() if "norm" not in name}
    with pytest.raises(UserError, match="is absent in the weights and"):
        fit_weights(build(network()), lacking)
    with pytest.raises(UserError, match=r"more is \(1,\) in the weights and absent in the network"):
        fit_weights(build(network()), {**state, "more": torch.zeros(1)})


def test_a_new_head_stays_as_it_was_initialised(state):
    module = build(network(classes=5))
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    left = fit_weights(module, state, new_head=True)
    assert left == ["head.classifier.weight", "head.classifier.bias"]
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name] if name in left else state[name])
    with pytest.raises(UserError, match=r"head\.classifier"):
        fit_weights(module, state)
    assert fit_weights(build(network()), state, new_head=True) == []


def test_auxiliary_classifiers_are_left_out_of_the_deployed_network():
    whole = network(aux=(Aux(after="stages.0"),))
    state = build(whole, training=True).state_dict()
    assert any(name.startswith("aux.") for name in state)
    assert fit_weights(build(whole), state) == []
    fresh = build(network(classes=5, aux=whole.aux), training=True)
    left = fit_weights(fresh, state, new_head=True)
    assert {name.partition(".")[0] for name in left} == {"head", "aux"}


def test_whatever_the_length_of_its_header_a_file_is_known(tmp_path):
    """A header whose length begins with 0x80 looks as an old checkpoint does."""
    lengths = set()
    for number in range(32):
        about = trained(provenance={"note": "x" * 8 * number})
        save_weights(tmp_path / "w.safetensors", {"w": torch.zeros(3)}, about)
        lengths.add((tmp_path / "w.safetensors").read_bytes()[0])
        assert load_weights(tmp_path / "w.safetensors")[1] == about
    assert 0x80 in lengths
