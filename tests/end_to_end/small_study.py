"""A small study through the real driver and real processes, with a trainer that only pretends: for killing.

Run as a script: ``small_study.py FOLDER TRIALS WORKERS [real|halving|impatient=SECONDS|slurm|sbatch|ray=ADDRESS]``;
``real`` trains on digits, ``halving`` pretends with rungs, ``impatient`` takes so many seconds of silence for hanging,
twice as many before the second sign of life, ``slurm`` has trainers that join through the folder, with a short lease,
``sbatch`` the same by jobs of slurm itself. Signals and exit codes as the command line's.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from nas.cli.signals import ending_in_order
from nas.search import conduct, search
from nas.storage.files import replacing
from nas.study.errors import StudyError
from nas.study.executors import local, mailbox
from nas.study.executors.attempts import Patience
from nas.study.plan import plan
from nas.study.run_options import RunOptions
from search_spaces import Architecture, Conv, Head, Space, Stage, choice

EPOCHS = 3
SECONDS = 0.03

SPACE = Space(
    "small",
    Architecture(
        image_size=32,
        classes=10,
        stem=(Stage(Conv(kernel=3), out=8, stride=2),),
        stages=(
            Stage(Conv(kernel=choice(1, 3, 5)), out=choice(8, 16, 24), repeats=choice(1, 2), stride=2),
            Stage(Conv(kernel=choice(1, 3, 5)), out=choice(16, 24, 32), repeats=choice(1, 2), stride=2),
        ),
        head=Head(out=32),
    ),
)

REAL_SPACE = Space(
    "small-real",
    Architecture(
        image_size=8,
        classes=10,
        stem=(Stage(Conv(kernel=3), out=8),),
        stages=(Stage(Conv(kernel=choice(1, 3)), out=choice(8, 12, 16), repeats=choice(1, 2), stride=2),),
        head=Head(),
    ),
)


def train(task, seed, checkpoint, report):
    """Pretend: a curve from the architecture and the seed, a checkpoint per epoch, resumed from where it is."""
    path = Path(checkpoint)
    curve = json.loads(path.read_text()) if path.exists() else []
    going = report(len(curve), {"top1": curve[-1]}) if curve else True
    while going and len(curve) < EPOCHS:
        time.sleep(SECONDS)
        curve.append(score(task["architecture"], seed, len(curve) + 1))
        with replacing(path) as file:  # as the real trainer writes
            file.write(json.dumps(curve).encode())
        going = report(len(curve), {"top1": curve[-1], "seconds": SECONDS * len(curve)})
    return {"top1": curve[-1], "top1_by_epoch": curve, "seconds": 0.0, "pruned": len(curve) < EPOCHS}


def score(architecture, seed, epoch):
    text = json.dumps(architecture, sort_keys=True)
    quality = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
    return round((0.5 * quality + 0.4) * epoch / EPOCHS + (seed % 1000) / 1e5, 6)


def run(folder, trials, workers, trainer="small_study:train", pruner="median", **options):
    """The study, to its end."""
    study_plan = plan(SPACE, "0.35MFLOPs", epochs=EPOCHS, out=folder, evaluate=score, pruner=pruner)
    options = RunOptions(trials=trials, workers=workers, **options)
    return conduct(replace(study_plan, evaluate=None), options, trainer=trainer)


def run_real(folder, trials, workers):
    """A smaller space, trained in earnest on digits."""
    settings = {"data": "digits", "recipe": "plain", "epochs": 3, "device": "cpu", "retrain": 2, "seeds": 2}
    return search(REAL_SPACE, trials=trials, workers=workers, out=folder, **settings)


def main():
    try:
        folder, trials, workers, where = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), {}
        if "slurm" in sys.argv[4:]:
            mailbox.LEASE = 3.0
            where = {"executor": "slurm", "address": "local"}
        if "sbatch" in sys.argv[4:]:
            mailbox.LEASE = 10.0
            where = {"executor": "slurm"}
        for word in sys.argv[4:]:
            name, _, value = word.partition("=")
            if name == "ray":
                where = {"executor": "ray", "address": value}
            if name == "impatient":
                local.Patience = partial(Patience, first=2 * float(value), least=float(value), factor=0.0)
        if "real" in sys.argv[4:]:
            run_real(folder, trials, workers)
        else:
            run(folder, trials, workers, pruner="halving" if "halving" in sys.argv[4:] else "median", **where)
        return 0
    except KeyboardInterrupt as stop:
        print(stop, file=sys.stderr)
        return None
    except (OSError, StudyError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    with ending_in_order() as ending:
        code = main()
    sys.exit(ending.code if code is None else code)
