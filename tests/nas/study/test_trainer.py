"""The real trainer, called as a worker calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from nas.data.by_name import load_data
from nas.search import search
from nas.study.job import task_of
from nas.study.log import encode, read_log
from nas.study.plan import plan
from nas.study.trainer import train
from nas.training.reference import kept_reference
from nas.training.settings import settings_for
from search_spaces import save


class Report:
    """Counts signs of life between epochs."""

    def __init__(self):
        self.signs = [0]

    def __call__(self, epoch, metrics):
        self.signs.append(0)
        return True

    def alive(self):
        self.signs[-1] += 1


def test_every_step_and_every_batch_of_the_validation_is_a_sign_of_life(space, tmp_path):
    study_plan = plan(space, recipe="plain", epochs=2, out=tmp_path)
    measured = settings_for(study_plan.recipe, "cpu", epochs=2)
    definition = replace(study_plan.definition, settings=measured.to_data())
    architecture = space.decide({d.name: d.labels[0] for d in space.decisions})
    report = Report()
    result = train(task_of(study_plan, definition)(architecture, 0), 0, str(tmp_path / "0.ckpt"), report)
    steps = len(study_plan.data.train) // measured.batch
    assert len(result["top1_by_epoch"]) == 2
    assert all(signs > steps for signs in report.signs[:2])
    assert report.signs[2:] == [0]


def test_a_damaged_checkpoint_of_the_base_ends_the_study_without_its_test(space, tmp_path):
    """As a kill before the end leaves the log, and something else the checkpoint."""
    options = {"recipe": "plain", "epochs": 1, "trials": 1, "retrain": 0, "workers": 1, "device": "cpu"}
    options |= {"final": "none"}
    folder = tmp_path / "study"
    assert search(space, out=folder, **options).test is not None
    events = [e for e in read_log(folder / "log.jsonl").events if e["event"] not in ("base", "test", "ended")]
    lines = [encode({name: value for name, value in event.items() if name != "crc"}) for event in events]
    (folder / "log.jsonl").write_bytes(b"".join(lines))
    (checkpoint,) = (folder / "checkpoints").glob("*.ckpt")
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    heard = []
    study = search(space, out=folder, progress=heard.append, **options)
    assert (study.state, study.base.trial, study.test) == ("finished", 0, None)
    (problem,) = [event["text"] for event in heard if event["event"] == "problem"]
    assert problem.startswith("the test split was not read")


DRIVES = """
import sys
from nas import search
study = search(sys.argv[1], out=sys.argv[2], data="digits", recipe="plain", epochs=1, trials=1, retrain=0, final="none")
assert study.test is not None
print(*{name.partition(".")[0] for name in sys.modules} & {"torch", "sklearn", "scipy", "pandas"})
"""
TRAINS = """
import json, sys
from nas.study.trainer import train
class Report:
    def __call__(self, epoch, metrics): return True
    def alive(self): pass
train(json.loads(sys.argv[1]), 0, sys.argv[2], Report())
print(*{"torch._dynamo", "torch._inductor", "sklearn"} & set(sys.modules))
"""


@pytest.fixture
def in_a_process(tmp_path):
    """Runs code in a fresh interpreter; what it prints."""

    def run(code, *arguments):
        command = [sys.executable, "-c", code, *map(str, arguments)]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout.split()

    return run


def test_a_driver_that_trains_nothing_itself_does_without_what_takes_seconds_to_import(space, tmp_path, in_a_process):
    """Its images and their reference are kept since the first study of them."""
    save(space, tmp_path / "space.yaml")
    kept_reference(load_data("digits"))
    assert in_a_process(DRIVES, tmp_path / "space.yaml", tmp_path / "study") == []


@pytest.mark.parametrize("recipe", ["plain", "fast", "proxy"])
def test_a_trainer_imports_no_compiler(space, tmp_path, in_a_process, recipe):
    load_data("digits")
    study_plan = plan(space, recipe=recipe, epochs=1, out=tmp_path)
    definition = replace(
        study_plan.definition, settings=settings_for(study_plan.recipe, "cpu", epochs=1, batch=64).to_data()
    )
    task = task_of(study_plan, definition)(space.decide({d.name: d.labels[0] for d in space.decisions}), 0)
    assert in_a_process(TRAINS, json.dumps(task), tmp_path / "0.ckpt") == []
