"""What would be trained lies within the budgets, whoever proposes it."""

from __future__ import annotations

import random

import pytest

from nas.study.samplers import SAMPLERS
from nas.study.search import search
from search_spaces import cost, load

BUDGETS = ("400MFLOPs", "5Mparams")


def proposed(sampler, proposals, folder, of_each, budgets=BUDGETS):
    """Architectures that studies of ``of_each`` trainings would train, until there are so many proposals."""
    trained, made, seed = [], 0, 0
    space = load("mbconv")

    def evaluate(architecture, seed, report):
        trained.append(architecture)
        return random.Random(seed).random()

    while made < proposals:
        own = {"trials": of_each, "retrain": 0, "seeds": 0, "workers": 1, "seed": seed}
        study = search(space, budgets, evaluate=evaluate, sampler=sampler, out=folder / str(seed), **own)
        made += len(study.records)
        seed += 1
    return trained


def check(trained, one=False):
    from nas.measures import fvcore_macs

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
    check(proposed(sampler, 10_000, tmp_path, of_each=250))
