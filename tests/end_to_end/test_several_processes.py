"""`torchrun -m nas train` with two processes on the CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from search_spaces import Architecture, Conv, Defaults, Head, NoNorm, Stage, save

TRAIN = ("train", "net.yaml", "--data", "digits", "--recipe", "plain", "--image-size", "8", "--threads", "1")


def network(folder, norm):
    own = Architecture(
        image_size=8,
        classes=10,
        in_channels=1,
        stem=(Stage(Conv(kernel=3), out=8),),
        stages=(Stage(Conv(kernel=3), out=16, repeats=2, stride=2),),
        head=Head(),
        defaults=Defaults() if norm else Defaults(norm=NoNorm()),
    )
    save(own, folder / "net.yaml")


def trained(folder, processes, *more):
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    words = [sys.executable, *(launcher if processes > 1 else []), "-m", "nas", *TRAIN, *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done


def losses(folder):
    return [json.loads(line)["loss"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_two_processes_without_norms_give_the_losses_of_one(tmp_path):
    network(tmp_path, norm=False)
    more = ("--epochs", "3", "--set", "lr=0.02", "--set", "mix=0.5", "--set", "mixup=0.4", "--set", "cutmix=1")
    trained(tmp_path, 1, "--out", "one", *more)
    trained(tmp_path, 2, "--out", "two", *more)
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-6)
    one, two = (json.loads((tmp_path / name / "summary.json").read_text()) for name in ("one", "two"))
    assert two["test"]["images"] == one["test"]["images"] == 360
    assert abs(two["test"]["top1"] - one["test"]["top1"]) <= 1 / 360


def test_batch_norms_see_their_processs_images_and_the_record_says_so(tmp_path):
    network(tmp_path, norm=True)
    trained(tmp_path, 2, "--out", "two", "--epochs", "1")
    summary = json.loads((tmp_path / "two" / "summary.json").read_text())
    assert (summary["processes"], summary["batch"], summary["batch_per_process"]) == (2, 128, 64)
    again = trained(tmp_path, 2, "--out", "two", "--epochs", "1", "--resume")
    assert "64 images" in again.stdout


def test_a_batch_that_cannot_be_divided_is_refused(tmp_path):
    network(tmp_path, norm=True)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, "-m", "nas", *TRAIN, "--batch", "30"], cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert done.returncode != 0
    assert "batch: must be a multiple of 4 for 2 processes" in done.stderr
