"""`nas train` under SIGKILL: the same command ends with the same weights."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

WORDS = ("train", "mobilenet-v2", "--data", "digits", "--image-size", "8", "--threads", "1", "--epochs", "3")


def start(folder, *more):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "nas", *WORDS, *more]
    return subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("recipe", [pytest.param("modern"), pytest.param("efficientnet", marks=pytest.mark.long)])
def test_a_training_survives_sigkill(tmp_path, recipe):
    more = ("--recipe", recipe, "--set", "refresh=256")
    assert start(tmp_path, *more, "--out", "whole").wait(timeout=300) == 0
    rng = random.Random(recipe)
    for _ in range(2):
        process = start(tmp_path, *more, "--out", "cut")
        known = tmp_path / "cut" / "metrics.jsonl"
        lines = known.read_text().count("\n") if known.exists() else 0
        while process.poll() is None and (not known.exists() or known.read_text().count("\n") == lines):
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.5))
        process.kill()
        process.wait()
    assert start(tmp_path, *more, "--out", "cut").wait(timeout=300) == 0
    whole, cut = (load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "cut"))
    assert whole.keys() == cut.keys()
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    one, other = ((tmp_path / name / "metrics.jsonl").read_text().splitlines() for name in ("whole", "cut"))
    assert [line.split('"seconds"')[0] for line in one] == [line.split('"seconds"')[0] for line in other]
