"""Trainers that give a score by the network's widest row and the order of the images, at once or after a while."""

from __future__ import annotations

import time
from pathlib import Path

from search_spaces import cost
from search_spaces.files.codec import from_data


def by_cost(task, seed, checkpoint, report):
    Path(checkpoint).write_text("trained")
    network = from_data(task["architecture"])
    score = 0.5 + cost(network).params / 1e6 + (task["order"] % 100) / 1e5
    for epoch in (1, 2):
        report(epoch, {"top1": score, "loss": 1 / epoch, "seconds": 0.1 * epoch})
    return {"top1": score, "top1_by_epoch": [score, score], "seconds": 0.2, "pruned": False}


def slowly(task, seed, checkpoint, report):
    time.sleep(0.05)
    return by_cost(task, seed, checkpoint, report)


def fails(task, seed, checkpoint, report):
    raise RuntimeError("no luck")


def fails_on_wide_ones(task, seed, checkpoint, report):
    if from_data(task["architecture"]).stages[0].out > 8:
        raise RuntimeError("too wide")
    return by_cost(task, seed, checkpoint, report)
