"""The summary of a training stays small, whatever the number of classes."""

from __future__ import annotations

import json

import torch

from nas.training.evaluation import Evaluation
from nas.training.run_folder import compact, summary_text


def facts_of(classes):
    confusion = torch.eye(classes, dtype=torch.long) * 9
    confusion[0, 1] = 2
    counts = {"confusion": confusion, "top5": torch.tensor(9 * classes), "loss": torch.tensor(1.0)}
    return Evaluation.of(counts, 1.0).facts(tuple(map(str, range(classes))))


def test_a_thousand_classes_make_a_small_summary_that_loses_nothing():
    facts = facts_of(1_000)
    text = summary_text({"name": "n", "test": compact(facts)})
    assert len(text) < 200_000
    assert len(text.splitlines()) < 30
    stored = json.loads(text)["test"]
    assert stored["confusion"] is None
    matrix = [[0] * 1_000 for _ in range(1_000)]
    for true, predicted, images in stored["confusion_counts"]:
        matrix[true][predicted] = images
    assert tuple(map(tuple, matrix)) == facts["confusion"]


def test_ten_classes_keep_the_whole_matrix():
    facts = facts_of(10)
    stored = json.loads(summary_text({"name": "n", "seed": 0, "test": compact(facts)}))
    assert stored == json.loads(json.dumps({"name": "n", "seed": 0, "test": facts}))
