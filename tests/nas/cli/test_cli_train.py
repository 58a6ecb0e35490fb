"""`nas train`, and what the other commands do with what it leaves."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from search_spaces import Architecture, Conv, Head, Space, Stage, choice, save

QUICK = ("--recipe", "plain", "--epochs", "2", "--threads", "1", "--image-size", "8")


@pytest.fixture
def net(tmp_path):
    own = Architecture(
        image_size=8,
        classes=10,
        in_channels=1,
        stem=(Stage(Conv(kernel=3), out=8, stride=2),),
        stages=(Stage(Conv(kernel=3), out=16),),
        head=Head(),
    )
    save(own, tmp_path / "net.yaml")
    return "net.yaml"


@pytest.fixture
def run(nas, net, tmp_path):
    """A finished training in the folder `run`."""
    done = nas("train", net, "--data", "digits", *QUICK, "--out", "run")
    assert done.code == 0, done.err
    return done


def test_the_folder_holds_all_that_was_promised(run, tmp_path):
    folder = tmp_path / "run"
    names = {each.name for each in folder.iterdir()}
    files = {"train.yaml", "network.yaml", "metrics.jsonl", "last.ckpt", "best.safetensors", "weights.safetensors"}
    assert files | {"summary.json", "tensorboard"} <= names
    assert list((folder / "tensorboard").glob("events.out.tfevents.*"))
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert lines[0].keys() >= {"top1", "top5", "loss", "val_loss", "lr", "images_per_second", "seconds", "cpu_seconds"}
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["val"]["top1"] == lines[-1]["top1"]
    assert summary["test"]["images"] == sum(map(sum, summary["test"]["confusion"])) == 360
    assert summary["training_macs"] == 3 * summary["macs"] * 2 * 8 * 128
    assert "test, read once" in run.out
    assert "epoch 2/2: top-1" in run.err


def test_the_same_command_trains_no_further(nas, net, run, tmp_path):
    before = (tmp_path / "run" / "last.ckpt").stat().st_mtime_ns
    again = nas("train", net, "--data", "digits", *QUICK, "--out", "run", "--resume")
    assert again.code == 0
    assert again.out.splitlines()[-6:] == run.out.splitlines()[-6:]
    assert (tmp_path / "run" / "last.ckpt").stat().st_mtime_ns == before


def test_another_training_in_the_same_folder_is_refused_with_the_difference(nas, net, run):
    other = nas("train", net, "--data", "digits", *QUICK, "--seed", "3", "--out", "run")
    assert other.code == 2
    assert "it differs in seed (there 0, asked 3)" in other.err


def test_the_other_commands_take_the_folder(nas, run, tmp_path):
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    for split in ("val", "test"):
        found = nas("evaluate", "run", "--data", "digits", "--split", split, "--json")
        assert found.data["top1"] == summary[split]["top1"]
        assert found.data["confusion"] == summary[split]["confusion"]
    Image.fromarray(np.full((8, 8), 90, dtype=np.uint8)).save(tmp_path / "one.png")
    predicted = nas("predict", "run", "one.png", "--json")
    assert predicted.code == 0, predicted.err
    assert nas("cost", "run", "--json").data["params"] == summary["params"]


@pytest.mark.parametrize("weights", ["run/weights.safetensors", "run"])
def test_fine_tuning_on_other_classes_has_a_new_head_and_a_frozen_body(nas, net, run, tmp_path, weights):
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (60, 8, 8), dtype=np.uint8), np.arange(60) % 3
    np.savez(tmp_path / "own.npz", images=images, labels=labels)
    tuned = nas(
        *("train", net, "--data", "npz:own.npz", *QUICK, "--batch", "12", "--out", "tuned"),
        *("--weights", weights, "--freeze", "body"),
    )
    assert tuned.code == 0, tuned.err
    assert "new: head.classifier.weight, head.classifier.bias; frozen: body" in tuned.out
    before, after = load_file(tmp_path / "run/weights.safetensors"), load_file(tmp_path / "tuned/weights.safetensors")
    assert {name for name in after if not np.array_equal(before[name], after[name])} == {
        "head.classifier.weight",
        "head.classifier.bias",
    }
    assert after["head.classifier.weight"].shape[0] == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--recipe", "modem"),
            "unknown recipe 'modem'; did you mean 'modern'?; it must be one of proxy, fast, muon, plain, efficientnet",
        ),
        (("--set", "lr"), "--set must be FIELD=VALUE, got 'lr'"),
        (("--set", "rate=1"), "unknown key 'rate'"),
        (("--set", "lr=fast"), "recipe.lr: must be a number above 0, got 'fast'"),
        (("--set", "flip=1"), "recipe.flip: must be true or false, got 1"),
        (("--set", "mix=1.5"), "recipe.mix: must be a number at least 0 and at most 1, got 1.5"),
        (("--resume",), "holds no training that could be resumed"),
        (("--freeze", "body", "--freeze", "head"), "freeze: needs weights to begin with"),
        (("--weights", "none.safetensors"), "none.safetensors"),
        (("--device", "tpu"), "device: must be auto, cpu, cuda or cuda:N, got 'tpu'"),
        (("--data", "cifar"), "did you mean 'cifar10' or 'cifar100'?"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(nas, net, tmp_path, words, message):
    done = nas("train", net, "--data", "digits", *QUICK, *words)
    assert done.code == 2, done.err
    assert message in done.err
    assert not (tmp_path / "runs").exists()


class Hostile:
    """Makes a folder when it is unpickled."""

    def __reduce__(self):
        import os

        return os.mkdir, ("mark",)


def test_hostile_weights_are_refused(nas, net, tmp_path):
    (tmp_path / "bad.pt").write_bytes(pickle.dumps({"model": Hostile()}))
    done = nas("train", net, "--data", "digits", *QUICK, "--weights", "bad.pt")
    assert done.code == 2
    assert "bad.pt" in done.err
    assert not (tmp_path / "mark").exists()


def test_a_loss_that_is_no_number_ends_it_with_advice(nas, net):
    done = nas("train", net, "--data", "digits", *QUICK, "--set", "lr=1e30")
    assert done.code == 1
    assert "the loss is" in done.err
    assert "--set lr" in done.err


def test_a_kill_before_the_first_line_leaves_a_folder_that_can_be_used(nas, net, tmp_path):
    (tmp_path / "run").mkdir()
    for name in ("lock", ".train.yaml.77.tmp"):
        (tmp_path / "run" / name).touch()
    assert nas("train", net, "--data", "digits", *QUICK, "--epochs", "1", "--out", "run").code == 0


def test_threads_are_those_it_began_with(nas, net, tmp_path):
    words = ("train", net, "--data", "digits", *QUICK[:4], "--image-size", "8")
    assert nas(*words, "--threads", "1").code == 0
    assert nas(*words, "--resume").code == 0
    assert len(list((tmp_path / "runs").iterdir())) == 1
    done = nas(*words, "--threads", "2")
    assert done.code == 2
    assert (
        "settings.threads (there 1, asked 2): --threads 1 goes on, another folder (--out DIR) begins anew" in done.err
    )


def test_threads_are_chosen_at_the_beginning_and_written_down(nas, net, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("nas.machine.usable_cores", lambda: 2)
    monkeypatch.setattr(
        "nas.training.training.faster_threads", lambda network, images, most: asked.append((images, most)) or most
    )
    words = ("train", net, "--data", "digits", *QUICK[:4], "--image-size", "8", "--out", "run")
    assert "2 threads" in nas(*words).out
    assert "threads: 2" in (tmp_path / "run" / "train.yaml").read_text()
    assert nas(*words, "--resume").code == 0
    assert [most for _, most in asked] == [2]


@pytest.mark.parametrize("freeze", [("body", "head"), ("stages.7",)])
def test_what_cannot_be_frozen_leaves_no_folder(nas, net, run, tmp_path, freeze):
    words = [word for scope in freeze for word in ("--freeze", scope)]
    done = nas("train", net, "--data", "digits", *QUICK, "--weights", "run/weights.safetensors", *words)
    assert done.code == 2
    assert "freeze: " in done.err
    assert not (tmp_path / "runs").exists()


def test_images_that_are_enlarged_are_said_to_be(nas, net):
    enlarged = nas("train", net, "--data", "digits", *QUICK[:-2], "--image-size", "16", "--epochs", "1")
    assert "images of 8 px are enlarged to 16 px; --image-size 8 trains at their own size" in enlarged.out
    assert "enlarged" not in nas("train", net, "--data", "digits", *QUICK, "--epochs", "1").out


def test_a_base_is_not_mirrored_where_its_search_was_not(tmp_path):
    from nas import search
    from nas.cli.train import mirrored_as_searched
    from nas.training.recipes import RECIPES

    network = Architecture(image_size=8, classes=10, stages=(Stage(Conv(), out=choice(4, 8)),), head=Head())
    space = Space("tiny", network)
    study = search(
        space, data="digits", epochs=1, recipe="plain", trials=1, retrain=0, final="none", out=tmp_path / "study"
    )
    assert study.definition.recipe["flip"] is False  # digits never are
    assert RECIPES["fast"].flip
    assert not mirrored_as_searched(RECIPES["fast"], str(study.folder)).flip
    assert mirrored_as_searched(RECIPES["fast"], "resnet-50").flip


def test_the_one_reading_of_the_test_is_augmented_where_that_was_asked_for(nas, net, run):
    mirrored = nas("train", net, "--data", "digits", *QUICK, "--tta", "mirror", "--out", "mirrored", "--json")
    assert "test-time augmentation mirror: every image is computed 2 times, after the last epoch" in mirrored.err
    assert mirrored.data["tta"] == "mirror"
    asked = ("evaluate", "run", "--data", "digits", "--split", "test", "--json")
    assert mirrored.data["test"]["loss"] == nas(*asked, "--tta", "mirror").data["loss"] != nas(*asked).data["loss"]
    plain = nas("train", net, "--data", "digits", *QUICK, "--out", "mirrored")
    assert plain.code == 2
    assert "it differs in tta (there mirror, asked none): --tta mirror goes on, another folder" in plain.err
    again = nas("train", net, "--data", "digits", *QUICK, "--tta", "mirror", "--out", "mirrored")
    assert again.out.count(", test-time augmentation mirror") == 2
    assert nas("report", "mirrored", "--text").out.count(", test-time augmentation mirror") == 2
    assert nas("report", "run", "--text").out.count("augmentation") == 0
