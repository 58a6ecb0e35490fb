"""The real trainer, called as a worker calls it."""

from __future__ import annotations

from dataclasses import replace

from nas.study.job import task_of
from nas.study.plan import plan
from nas.study.trainer import train
from nas.training.settings import settings


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
    measured = settings(study_plan.recipe, "cpu", epochs=2)
    definition = replace(study_plan.definition, settings=measured.to_data())
    architecture = space.decide({d.name: d.labels[0] for d in space.decisions})
    report = Report()
    result = train(task_of(study_plan, definition)(architecture, 0), 0, str(tmp_path / "0.ckpt"), report)
    steps = len(study_plan.data.train) // measured.batch
    assert len(result["top1_by_epoch"]) == 2
    assert all(signs > steps for signs in report.signs[:2])
    assert report.signs[2:] == [0]
