from __future__ import annotations

import random

import pytest

from nas.study.samplers import ask

LABELS = {f"d{i}": ("a", "b", "c") for i in range(6)}


def history(record, size, seed=0):
    """Random decisions; the score is the share of a's, those with more than three b's are over the budget."""
    rng = random.Random(seed)
    records = []
    for trial in range(size):
        own = {name: rng.choice(labels) for name, labels in LABELS.items()}
        share = sum(label == "a" for label in own.values()) / len(own)
        over = sum(label == "b" for label in own.values()) - 3
        state = "infeasible" if over > 0 else "complete"
        top1 = None if over > 0 else share
        records.append(record(trial, state, top1, decisions=own, constraints={"1MFLOPs": float(over)}))
    return records


def test_a_proposal_is_a_function_of_history_and_seed(record):
    past = history(record, 30)
    assert ask(LABELS, past, "top1", 5) == ask(LABELS, past, "top1", 5)
    assert len({tuple(ask(LABELS, past, "top1", seed).values()) for seed in range(10)}) > 1


def test_every_decision_gets_one_of_its_labels_from_the_first_proposal(record):
    for past in ([], history(record, 1), history(record, 20)):
        labels = ask(LABELS, past, "top1", 1)
        assert labels.keys() == LABELS.keys()
        assert all(label in LABELS[name] for name, label in labels.items())


def test_what_scored_well_is_proposed_more_often(record):
    past = history(record, 60)
    proposals = [ask(LABELS, past, "top1", seed) for seed in range(20)]
    share = sum(label == "a" for p in proposals for label in p.values()) / (20 * len(LABELS))
    assert share > 0.5


@pytest.mark.parametrize("ignored", [{"state": "failed"}, {"replicate": 1}, {"source": 0}])
def test_failures_retrainings_and_repeats_are_not_told(record, ignored):
    past = history(record, 20)
    more = record(99, **{"state": "complete", "top1": 1.0, **ignored}, decisions=dict.fromkeys(LABELS, "c"))
    assert ask(LABELS, past, "top1", 3) == ask(LABELS, [*past, more], "top1", 3)


def test_a_running_training_is_told(record):
    past = history(record, 20)
    running = [record(20 + i, "running", None, decisions=ask(LABELS, past, "top1", 3)) for i in range(5)]
    changed = [ask(LABELS, past, "top1", s) != ask(LABELS, [*past, *running], "top1", s) for s in range(8)]
    assert any(changed)
