"""A study as a report gets it, made up: every state, retrainings, a reference, noise."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from nas.study import Record, Study
from nas.study.definition import Definition
from nas.study.outcome import BaseChoice, Noise, TestScore
from nas.study.question import Question
from nas.training.recipes import RECIPES
from nas.training.reference import Reference
from search_spaces import load
from search_spaces.files.codec import to_data

EPOCHS = 8
SPACE = load("mbconv")
NOISE = Noise(
    search_variance=1.4e-4,
    candidates=15,
    between_seeds=9e-5,
    retrained=2,
    seeds=6,
    between_candidates=5e-5,
    resolved=False,
)
REFERENCE = Reference(name="logistic regression", top1=0.967, low=0.943, high=0.981, images=359)


def record(trial: int, state: str, macs: int, top1: float | None, **changes: Any) -> Record:
    """A record with the fields that the report reads."""
    epochs = 0 if top1 is None else 3 if state == "pruned" else EPOCHS
    curve = () if top1 is None else (*(top1 * (1 - 0.6 * 0.5**epoch) for epoch in range(epochs - 1)), top1)
    plain = Record(
        trial=trial,
        state=state,
        digest=f"n1-{trial:032x}",
        top1=top1,
        top1_by_epoch=curve,
        params=macs // 80,
        macs=macs,
        activations=macs // 60,
        peak_bytes=9_633_792,
        seconds=1.4 * epochs,
        seed=1000 + trial,
        training_key=f"t1-{trial:032x}",
        decisions=SPACE.vector(7919**4 * (trial + 1) % SPACE.size),
        epochs=epochs,
    )
    return replace(plain, **changes)


def definition(**changes: Any) -> Definition:
    """What defines the study."""
    plain = Definition(
        question=Question(space="mbconv", retrain=2, seeds=3),
        name="mbconv",
        space=to_data(SPACE),
        budgets=("400MFLOPs",),
        image_size=224,
        classes=1000,
        data={"name": "digits", "spec": "digits", "digest": "d" * 64},
        evaluator=None,
        recipe=RECIPES["proxy"].changed({"epochs": EPOCHS, "flip": False}).to_data(),
        settings={"device": "cpu", "dtype": "float32", "batch": 64, "image_size": 32, "epochs": EPOCHS},
    )
    return replace(plain, **changes)


def made_up(folder: Path, n: int = 24) -> Study:
    """A study of n trials and two retrained networks; deterministic."""
    rng = random.Random(3)
    records = []
    for trial in range(n):
        macs = rng.randrange(140_000_000, 399_000_000)
        state = rng.choice(["complete"] * 5 + ["pruned", "reused", "infeasible"])
        top1 = 0.93 + 0.1 * (macs / 4e8 - 0.6) * rng.random() + rng.gauss(0, 0.008)
        top1 = min(0.995, top1 - (0.08 if state == "pruned" else 0))
        if state == "infeasible":
            records.append(record(trial, state, macs + 262_000_000, None, reason="over the budget of 400MFLOPs"))
        else:
            records.append(record(trial, state, macs, top1))
    records.append(record(n, "failed", 300_000_000, None, reason="out of memory <3 times>"))
    best = sorted((r for r in records if r.state == "complete"), key=lambda r: -r.top1)[:2]
    for chosen in best:
        for seed in (1, 2, 3):
            score = chosen.top1 + rng.gauss(-0.004, 0.006)
            again = record(len(records), "complete", chosen.macs, score, replicate=seed, source=chosen.trial)
            records.append(replace(again, digest=chosen.digest, decisions=chosen.decisions))
    return Study(
        folder=folder,
        definition=definition(),
        records=tuple(records),
        base=best[0],
        choice=BaseChoice(trial=best[0].trial, mean=0.945, fresh=0.941, replicates=3, rule="best mean"),
        reference=REFERENCE,
        noise=NOISE,
        test=TestScore(trial=best[0].trial, top1=0.964, images=360),
        state="finished",
        trials_wanted=n,
    )


def empty(study: Study) -> Study:
    """The same study before its first trial."""
    return replace(study, records=(), base=None, choice=None, reference=None, noise=None, test=None)
