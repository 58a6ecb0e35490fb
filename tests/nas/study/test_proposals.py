"""What would be trained lies within the budgets, whoever proposes it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from nas.study.journal import Journal
from nas.study.log import open_log
from nas.study.plan import plan
from nas.study.propose.candidates import Candidates
from nas.study.propose.proposer import Proposer
from nas.study.propose.samplers import SAMPLERS
from search_spaces import cost, load

BUDGETS = ("400MFLOPs", "5Mparams")


def proposed(sampler, proposals, folder, of_each, budgets=BUDGETS):
    """What studies of ``of_each`` trainings with random scores would train, until there are so many proposals."""
    made = plan(load("mbconv"), budgets, sampler=sampler, evaluate=random.random, out=folder)
    trained, records, seed = [], 0, 0
    while records < proposals:
        study = folder / str(seed)
        study.mkdir(parents=True)
        journal = Journal(study, open_log(study / "log.jsonl"), None)
        candidates = Candidates(made.feasible, lambda architecture: str(hash(architecture)))
        proposer = Proposer(replace(made.definition, seed=seed), candidates, journal, of_each)
        scores = random.Random(seed)
        for _ in range(min(of_each, proposals - records)):
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


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_some_proposals_of_every_sampler_lie_within_the_budgets(sampler, tmp_path):
    check(proposed(sampler, 16, tmp_path, of_each=16, budgets=BUDGETS[:1]), one=True)


@pytest.mark.long
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_ten_thousand_proposals_of_every_sampler_lie_within_the_budgets(sampler, tmp_path):
    check(proposed(sampler, 10_000, tmp_path, of_each=30, budgets=BUDGETS[:1]), one=True)
