"""What is tried of studies and trainings as they lie on the disk, and what a trial of any kind is given."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from materials import SPACE, evaluate
from mutations import SCRIPT, damage

import nas
from nas.report.page import page
from nas.study import open_study
from search_spaces import UserError
from search_spaces.files.codec import read

STUDY_FILES = ("log.jsonl", "log.jsonl", "study.yaml", "records.jsonl", "base.yaml")
TRAINING_FILES = ("train.yaml", "network.yaml", "metrics.jsonl", "summary.json")


@dataclass(frozen=True)
class Trial:
    """One hostile input: ``command(*words)`` runs `nas` in this process and checks how it ends; ``there`` is an empty
    folder, the working one; ``sound`` are the inputs before they are damaged."""

    rng: Random
    there: Path
    sound: object
    command: Callable[..., None]

    def refused_or_read(self, call, *arguments):
        """What it returns; None where it is refused."""
        with suppress(UserError):  # one line, by what it is
            return call(*arguments)
        return None

    def write(self, name, content):
        path = self.there / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        return path


def damaged_copy(trial, folder, files, most=3):
    copy = trial.there / "copy"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("checkpoints", "*.html", "lock"))
    for name in trial.rng.choices(files, k=trial.rng.randrange(1, most + 1)):
        if (copy / name).is_file() and trial.rng.random() < 0.05:
            (copy / name).unlink()
        elif (copy / name).is_file():
            damage(copy / name, trial.rng, read_or_empty)
    return copy


def read_or_empty(path):
    try:
        return read(path)
    except UserError:
        return {}


def study_looked_at(trial):
    """A damaged study is shown."""
    copy = damaged_copy(trial, trial.sound.study, STUDY_FILES)
    words = ("report {} --text", "report {} --json", "report {} --trial 1", "studies show {}", "studies", "cost {}")
    words += ("scale {} --phi 1 --out scaled.yaml", "report {} --tables")
    trial.command(*trial.rng.choice(words).format(copy).split())


def study_in_python(trial):
    """The same from Python."""
    study = trial.refused_or_read(open_study, damaged_copy(trial, trial.sound.study, STUDY_FILES))
    if study is not None:
        study.to_data()
        study.trials()
        assert SCRIPT not in repr(study) + study._repr_html_()


def study_page(trial):
    """The page of a damaged study runs no script of it."""
    copy = damaged_copy(trial, trial.sound.study, STUDY_FILES)
    study = trial.refused_or_read(open_study, copy)
    if study is not None:
        html = trial.refused_or_read(page, study)
        assert SCRIPT not in (html or "")
        assert "<script>alert" not in (html or "")


def study_resumed(trial):
    """The same call goes on with a damaged study, or refuses it."""
    copy = damaged_copy(trial, trial.sound.study, STUDY_FILES, most=1)
    options = {"trials": 7, "retrain": 1, "seeds": 2, "evaluator_name": "mine"}
    study = trial.refused_or_read(lambda: nas.search(SPACE, evaluate=evaluate, out=copy, **options))
    if study is not None:
        assert study.state == "finished"
        assert study.done == 7


def training_looked_at(trial):
    """A damaged folder of a training is shown."""
    copy = damaged_copy(trial, trial.sound.training, TRAINING_FILES)
    trial.command(*trial.rng.choice(("report {} --text", "report {}", "cost {}")).format(copy).split())


def network_with_weights(trial):
    """`nas predict` by a damaged folder of a training."""
    copy = damaged_copy(trial, trial.sound.training, ("network.yaml", "weights.safetensors"), most=2)
    photo = trial.write("photo.png", trial.sound.images["png"])
    trial.command("predict", copy, photo)
