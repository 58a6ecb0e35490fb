from __future__ import annotations

import random

import pytest

from nas.study.propose.samplers import ask

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


def test_nsga2_breeds_from_the_best_of_its_generation(record):
    """Once two generations are known, a's are proposed far more often than by chance (a third)."""
    past = [r for r in history(record, 120) if r.state == "complete"]
    proposals = [ask(LABELS, past, "top1", seed, "nsga2") for seed in range(60)]
    share = sum(label == "a" for own in proposals for label in own.values()) / (60 * len(LABELS))
    assert share > 0.45
    assert ask(LABELS, past, "top1", 5, "nsga2") == proposals[5]


@pytest.fixture
def candidates(space):
    from nas.study.propose.candidates import Candidates
    from search_spaces import digest, within

    return Candidates(within(space, "0.13MFLOPs"), digest)


@pytest.mark.parametrize("sampler", ["evolution", "local"])
def test_own_samplers_stay_within_and_propose_what_is_new(candidates, record, sampler):
    from nas.study.propose.evolution import OWN

    start = [candidates.uniform("start", lambda key: None, random.Random(seed)) for seed in range(4)]
    known = {c.training_key: i for i, c in enumerate(start)}
    labels = [candidates.space.labels_of(c.architecture) for c in start]
    past = [record(i, top1=0.1 * i, decisions=own) for i, own in enumerate(labels)]
    for seed in range(30):
        one = OWN[sampler](candidates, past, "top1", known.get, random.Random(seed))
        assert one.fits
        assert one.training_key not in known
        again = OWN[sampler](candidates, past, "top1", known.get, random.Random(seed))
        assert again.architecture == one.architecture
    assert OWN[sampler](candidates, past, "top1", lambda key: 0, random.Random(0)) is None


def test_local_search_begins_beside_the_best(candidates, record):
    from nas.study.propose.evolution import local

    start = [candidates.uniform("start", lambda key: None, random.Random(seed)) for seed in range(4)]
    best = record(9, top1=0.9, decisions=candidates.space.labels_of(start[2].architecture))
    past = [record(0, top1=0.2, decisions=candidates.space.labels_of(start[0].architecture)), best]
    found = local(candidates, past, "top1", {start[2].training_key: 9}.get, random.Random(0))
    assert found.architecture in set(candidates.space.neighbours(start[2].architecture))
