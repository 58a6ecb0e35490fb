"""Rank correlations of a study: of rungs, and of search and retrained scores."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scipy.stats import kendalltau

from nas.report.agreement import agreement_lines, apart_line, retrained_line, rung_lines
from nas.study.rank_correlation import tau
from nas.study.records import Record


def of_epochs(trial, losses, state):
    return Record(
        trial,
        state,
        top1=0.1 * len(losses),
        top1_by_epoch=(0.1,) * len(losses),
        loss_by_epoch=losses,
        epochs=len(losses),
    )


def test_tau_is_scipys_and_lies_in_its_interval():
    one, other = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 3.0, 2.0, 4.0, 6.0, 5.0]
    agreement = tau(one, other)
    assert agreement.value == kendalltau(one, other).statistic
    assert agreement.low < agreement.value < agreement.high
    assert agreement.networks == 6
    assert tau(one, other) == agreement


@pytest.mark.parametrize(("one", "other"), [([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), ([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])])
def test_of_too_few_networks_or_equal_ones_nothing_is_said(one, other):
    assert tau(one, other) is None


def test_rungs_say_how_many_came_and_whether_they_rank_alike(study):
    records = [of_epochs(trial, (9.0 - trial,), "pruned") for trial in range(4)]
    records += [of_epochs(10 + trial, (5.0 - trial, 2.0 - trial / 10), "pruned") for trial in range(4)]
    records.append(of_epochs(20, (1.0, 1.0, 1.0), "complete"))
    question = replace(study.question, pruner="halving")
    halved = replace(study, definition=replace(study.definition, question=question), records=tuple(records))
    lines = rung_lines(halved)
    assert lines[0] == "trainings came 9 to epoch 1, 5 to epoch 2, 1 to epoch 3; the best went on"
    assert "epochs 1 and 2 rank those that came to both alike with Kendall's tau 1.00" in lines[1]
    assert rung_lines(replace(study, records=tuple(records))) == []  # stopped by the median, for good


def test_search_scores_are_compared_with_means_over_further_seeds(study):
    searched = [Record(trial, "complete", top1=trial / 10) for trial in range(5)]
    again = [
        Record(10 + 2 * trial + seed, "complete", top1=trial / 20 + seed / 100, source=trial, replicate=seed)
        for trial in range(5)
        for seed in (1, 2)
    ]
    retrained = replace(study, records=(*searched, *again))
    assert retrained_line(retrained)[0].endswith("Kendall's tau 1.00 (1.00 to 1.00) over 5 networks")


def test_how_many_seeds_would_tell_the_best_two_apart(study):
    searched = [Record(trial, "complete", top1=0.5) for trial in range(2)]
    again = [Record(10 + trial, "complete", top1=0.5 + trial / 100, source=trial, replicate=1) for trial in range(2)]
    noise = replace(study.noise, between_seeds=0.01**2)
    close = replace(study, records=(*searched, *again), noise=noise)
    assert apart_line(close) == [
        "the best two of the retrained differ by 1.00 points, seeds by ±1.00 points: to tell them apart takes about "
        "8 seeds of each"
    ]
    assert apart_line(replace(close, noise=None)) == []


def test_a_study_that_tells_nothing_says_nothing(study):
    assert agreement_lines(replace(study, records=())) == []


def test_where_less_is_better_the_best_two_are_the_least(study):
    means = (0.5, 0.51, 0.9)
    searched = [Record(trial, "complete", top1=0.5) for trial in range(3)]
    again = [Record(10 + i, "complete", top1=mean, source=i, replicate=1) for i, mean in enumerate(means)]
    question = replace(study.question, direction="minimize")
    least = replace(
        study,
        definition=replace(study.definition, question=question),
        records=(*searched, *again),
        noise=replace(study.noise, between_seeds=0.01**2),
    )
    assert "differ by 1.00 points" in apart_line(least)[0]
