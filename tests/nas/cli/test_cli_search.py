"""How `nas search` ends where it cannot go on."""

from __future__ import annotations

import errno
import importlib
import os
import subprocess
import sys
from pathlib import Path

import nas as package

WORDS = ("--space", "nas-bench-macro", "--budget", "90MFLOPs", "--recipe", "plain", "--trials", "1", "--out", "s")


def test_a_full_disk_is_one_line_that_says_how_to_go_on(nas, monkeypatch):
    def full(*words, **options):
        raise OSError(errno.ENOSPC, "No space left on device", "s/log.jsonl")

    monkeypatch.setattr(importlib.import_module("nas.search"), "conduct", full)
    done = nas("search", *WORDS)
    assert done.code == 1
    assert done.err.splitlines()[-1] == (
        "nas: [Errno 28] No space left on device: 's/log.jsonl'; the same command goes on from s"
    )


def test_a_search_whose_reader_has_left_goes_on_to_its_end(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])}
    short = ("--epochs", "1", "--retrain", "0", "--final", "none")
    command = [sys.executable, "-m", "nas", "search", *WORDS, *short]
    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment, check=False
    )
    os.close(writer)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "s" / "base.yaml").exists()
