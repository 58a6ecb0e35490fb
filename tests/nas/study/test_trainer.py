"""The real trainer, called as a worker calls it."""

from __future__ import annotations

from dataclasses import replace

from nas.search import search
from nas.study.job import task_of
from nas.study.log import encode, read_log
from nas.study.plan import plan
from nas.study.trainer import train
from nas.training.settings import settings_for


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
