"""What would be trained lies within the budgets, whoever proposes it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from nas.search import search
from nas.study.journal import Journal
from nas.study.log import open_log
from nas.study.plan import plan
from nas.study.propose.candidates import Candidates, ExhaustedError
from nas.study.propose.proposer import Proposer
from nas.study.propose.samplers import SAMPLERS
from search_spaces import cost, digest, load, within

BUDGETS = ("400MFLOPs", "5Mparams")


def proposed(sampler, proposals, folder, trials, budgets=BUDGETS):
    """What studies of ``trials`` trainings with random scores would train, until there are this many proposals."""
    study_plan = plan(load("mbconv"), budgets, sampler=sampler, evaluate=random.random, out=folder)
    trained, records, seed = [], 0, 0
    while records < proposals:
        study = folder / str(seed)
        study.mkdir(parents=True)
        journal = Journal(study, open_log(study / "log.jsonl"), None)
        candidates = Candidates(study_plan.feasible, lambda architecture: str(hash(architecture)))
        proposer = Proposer(replace(study_plan.question, seed=seed), [candidates], journal, trials)
        scores = random.Random(seed)
        for _ in range(min(trials, proposals - records)):
            candidate = proposer.next()
            trial = journal.folded.next_trial
            record = candidate.record(trial, proposer.decisions(candidate))
            journal.finish(trial, record, "complete", top1=scores.random())
            trained.append(candidate.architecture)
        records += len(journal.records)
        seed += 1
        journal.close()
    return trained


def check(trained, one=False):
    from nas.module.fvcore import fvcore_macs

    for architecture in trained:
        assert cost(architecture).macs <= 400_000_000
        assert one or cost(architecture).params <= 5_000_000
    for architecture in random.Random(0).sample(trained, 50 if len(trained) > 1_000 else 1):
        measured = fvcore_macs(architecture)
        assert measured.macs == cost(architecture).macs <= 400_000_000


def test_a_small_set_is_walked_to_its_end_in_random_order():
    feasible = within(load("nas-bench-macro"), "30MFLOPs")
    asked = []
    with pytest.raises(ExhaustedError, match=f"all {feasible.count:,} of them looked at"):
        Candidates(feasible, digest).uniform("start", lambda key: asked.append(key) or 0, random.Random(3))
    order = random.Random(3).sample(range(feasible.count), feasible.count)
    assert asked == [digest(architecture) for architecture in feasible.members(order)]


def test_what_is_prepared_changes_no_proposal(tmp_path, monkeypatch):
    """And it is prepared once for each trial that the predictor is asked for."""
    prepared, prepare = [], SAMPLERS["predictor"].prepare

    def noted(history):
        prepared.append(history.trial)
        prepare(history)

    monkeypatch.setitem(SAMPLERS, "predictor", replace(SAMPLERS["predictor"], prepare=noted))
    plain = proposed("predictor", 9, tmp_path / "plain", 9)
    assert prepared == []
    following = Proposer.next

    def after_preparing(proposer):
        for _ in range(2):
            proposer.prepare()
        return following(proposer)

    monkeypatch.setattr(Proposer, "next", after_preparing)
    assert proposed("predictor", 9, tmp_path / "prepared", 9) == plain
    assert prepared == [6, 7, 8]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_some_proposals_of_every_sampler_lie_within_the_budgets(sampler, tmp_path):
    check(proposed(sampler, 16, tmp_path, trials=16, budgets=BUDGETS[:1]), one=True)


@pytest.mark.long
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_ten_thousand_proposals_of_every_sampler_lie_within_the_budgets(sampler, tmp_path):
    check(proposed(sampler, 10_000, tmp_path, trials=30, budgets=BUDGETS[:1]), one=True)


def test_a_driver_prepares_the_next_proposal_before_it_waits_for_a_training(space, tmp_path, monkeypatch):
    heard = []
    monkeypatch.setattr(Proposer, "prepare", lambda proposer: heard.append("prepare"))

    def evaluate(architecture, seed, report):
        heard.append("train")
        return 1.0

    search(space, evaluate=evaluate, trials=3, retrain=0, out=tmp_path / "study")
    assert heard == ["prepare", "train", "prepare", "train", "train"]
