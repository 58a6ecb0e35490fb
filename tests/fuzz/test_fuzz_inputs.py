"""Hostile inputs of every kind end in a result or in one line that names what is wrong: no traceback, no hang, nothing
run, nothing that steers the terminal. Some of each kind in the normal tests; ten thousand by ``pytest -m long``."""

from __future__ import annotations

import contextlib
import io
import os
import random
import resource
import signal
import sys
import tempfile
import traceback
from pathlib import Path

import pytest
from inputs import KINDS, onnx
from materials import Materials
from stored_inputs import Trial

from nas.cli import main
from nas.text.visible import visible

MAX_SECONDS = 20  # of CPU, for one input
MAX_WAIT = 150  # seconds on a busy machine, for one that waits for ever
MAX_MEMORY = 2 << 20  # KiB by which the process may grow
FEW = 5  # of each kind in the normal tests


class Hang(Exception):
    """An input took too long."""


def command(*words):
    """Run `nas` in this process: done, failed or refused in one line."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    said = err.getvalue()
    assert code in (0, 1, 2), code
    if code:
        last = said.splitlines()[-1:]
        assert last, "it says nothing"
        assert last[0].startswith("nas"), said
    assert "Traceback" not in said
    shown = out.getvalue() + said
    assert visible(shown) == shown, f"steers the terminal: {shown!r}"


def hang(number, frame):
    raise Hang(f"more than {MAX_SECONDS} s of CPU, or {MAX_WAIT} s")


def findings(kind, seeds, sound):
    """What goes wrong, a line for each seed."""
    wrong = []
    before = {number: signal.signal(number, hang) for number in (signal.SIGPROF, signal.SIGALRM)}
    here = Path.cwd()
    try:
        for seed in seeds:
            with tempfile.TemporaryDirectory() as there:
                os.chdir(there)
                signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
                signal.setitimer(signal.ITIMER_REAL, MAX_WAIT)
                try:
                    kind(Trial(random.Random(seed), Path(there), sound, command))
                except Exception as error:
                    where = traceback.extract_tb(error.__traceback__)[-1]
                    line = f"{type(error).__name__}: {error}".splitlines()[0][:300]
                    wrong.append(f"{kind.__name__} {seed}: {line} ({Path(where.filename).name}:{where.lineno})")
                finally:
                    signal.setitimer(signal.ITIMER_PROF, 0)
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    os.chdir(here)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return wrong


@pytest.fixture(scope="session")
def sound(tmp_path_factory):
    return Materials(tmp_path_factory.mktemp("sound"))


def peak():
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return memory // 1024 if sys.platform == "darwin" else memory


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not onnx], ids=lambda kind: kind.__name__)
def test_some_hostile_inputs(kind, sound):
    assert findings(kind, range(FEW), sound) == []


@pytest.mark.long
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_ten_thousand_hostile_inputs(kind, sound):
    before = peak()
    wrong = findings(kind, range(1000, 1000 + KINDS[kind]), sound)
    assert wrong == [], f"{len(wrong)} of {KINDS[kind]}: " + "\n".join(wrong[:20])
    assert peak() < before + MAX_MEMORY


def test_ten_thousand_are_ten_thousand():
    assert sum(KINDS.values()) >= 10_000
