"""The sampler ``predictor``: its features, its Gaussian process, what it learns from, and what it finds."""

from __future__ import annotations

import random
from statistics import fmean

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct
from threadpoolctl import threadpool_info, threadpool_limits

from nas import search
from nas.study.objectives import MINIMIZE, Objective
from nas.study.propose.candidates import Candidates, History
from nas.study.propose.predictor.effects import effects
from nas.study.propose.predictor.features import Features
from nas.study.propose.predictor.gaussian_process import Kernel, fit
from nas.study.propose.predictor.observations import observed
from nas.study.propose.predictor.sampler import active_labels, expected_improvement, predictor
from search_spaces import (
    Architecture,
    Bottleneck,
    Conv,
    Head,
    MBConv,
    Space,
    Stage,
    choice,
    cost,
    digest,
    load,
    within,
)

TOP1 = Objective("top1")


@pytest.fixture(scope="module")
def branched():
    """Two kinds of block with decisions of their own, beside a width."""
    block = choice(Conv(kernel=choice(1, 3, 5)), MBConv(expand_ratio=choice(2, 4)))
    return Space(
        "branched", Architecture(image_size=32, stages=(Stage(block, out=choice(8, 16, 64)),), head=Head(out=8))
    )


def named(space, vectors):
    """The part of the features that tells decisions, by name, before it is scaled."""
    features = Features(space)
    names = {column: f"{name}={label}" for (name, label), (column, _) in features.of_label.items()}
    return [{names[i]: number for i, number in enumerate(row)} for row in features.of_decisions(vectors)]


def test_numbers_are_ranks_words_are_one_hot_and_what_is_off_is_zero(branched):
    vectors = [branched.vector(number) for number in range(branched.size)]
    widest = next(v for v in vectors if v["stages.0.block"] == "conv" and v["stages.0.out"] == "64")
    (row,) = named(branched, [{**widest, "stages.0.block.conv.kernel": "5"}])
    assert sorted(row.values()) == [0.0, 0.0, 1.0, 1.0, 1.0]  # MBConv and its ratio; convolution, its kernel, the width
    (row,) = named(branched, [{**widest, "stages.0.block.conv.kernel": "3", "stages.0.out": "16"}])
    assert sorted(row.values()) == [0.0, 0.0, 0.0, 0.0, 1.0]  # both are in the middle


def test_features_have_no_mean_and_each_group_the_same_share(branched):
    matrix = Features(branched).matrix([branched.vector(number) for number in range(branched.size)])
    assert np.allclose(matrix.mean(axis=0), 0)
    assert (matrix**2).mean(axis=0).sum() == pytest.approx(4)


def test_what_does_not_vary_is_left_out(branched):
    vectors = [branched.vector(0)] * 3
    assert Features(branched).matrix(vectors).shape == (3, 0)


@pytest.mark.parametrize("name", ["mbconv", "mixed", "resnet", "inception", "nf", "nas-bench-macro", "mobile-small"])
def test_every_ready_space_has_features_that_tell_its_networks_apart(name):
    space = load(name)
    rng = random.Random(0)
    vectors = [space.vector(rng.randrange(space.size)) for _ in range(40)]
    distinct = {tuple(sorted(v.items())) for v in vectors}
    rows = Features(space).matrix(vectors)
    assert np.isfinite(rows).all()
    assert len(np.unique(rows.round(9), axis=0)) == len(distinct)


def test_rows_that_only_some_networks_have_count_as_zero():
    rows = choice((Stage(Conv(), out=8),), (Stage(Conv(), out=8), Stage(Bottleneck(), out=16)))
    space = Space("rows", Architecture(image_size=16, stages=rows, head=Head(out=8)))
    matrix = Features(space).matrix([space.vector(number) for number in range(space.size)])
    assert len(matrix) == 2
    assert not np.array_equal(*matrix)


@pytest.mark.parametrize("seed", range(3))
def test_the_posterior_is_that_of_scikit_learn_with_the_same_hyper_parameters(seed):
    rng = np.random.default_rng(seed)
    rows, others = rng.normal(size=(20, 4)) / 2, rng.normal(size=(7, 4)) / 2
    scores = 60 + 3 * rows[:, 0] + rng.normal(size=20) / 5
    extra = rng.uniform(0, 0.1, size=20)
    posterior = fit(rows, scores, extra)
    linear = ConstantKernel(posterior.kernel.linear, "fixed") * DotProduct(0, "fixed")
    smooth = ConstantKernel(1 - posterior.kernel.linear, "fixed") * RBF(posterior.kernel.length, "fixed")
    noises = posterior.noise + extra / scores.var()
    reference = GaussianProcessRegressor(linear + smooth, alpha=noises, optimizer=None)
    reference.fit(rows, (scores - scores.mean()) / scores.std())
    mean, deviation = reference.predict(others, return_std=True)
    means, deviations = posterior.at(others)
    assert np.allclose(means, scores.mean() + scores.std() * mean, rtol=1e-9)
    assert np.allclose(deviations, scores.std() * np.sqrt(posterior.scale) * deviation, rtol=1e-6)


def test_hyper_parameters_follow_the_scores():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 3))
    straight, wavy, noise = rows[:, 0], np.sin(3 * rows[:, 0]), rng.normal(size=60)
    none = np.zeros(60)
    assert fit(rows, straight, none).kernel.linear == 0.9
    assert fit(rows, wavy, none).kernel.length == 0.5
    assert fit(rows, noise, none).noise == 1.0


def test_equal_scores_and_a_single_one_are_no_error():
    rows = np.eye(3)
    means, deviations = fit(rows, np.full(3, 0.5), np.zeros(3)).at(rows)
    assert means == pytest.approx([0.5] * 3)
    assert np.isfinite(deviations).all()
    assert fit(rows[:1], np.array([0.5]), np.zeros(1)).at(rows)[0] == pytest.approx([0.5] * 3)


def test_a_kernel_is_a_covariance():
    rows = np.random.default_rng(0).normal(size=(30, 5))
    kernel = Kernel(0.5, 1.0)
    covariances = kernel.between(rows, rows)
    assert np.allclose(np.diag(covariances), kernel.variances(rows))
    assert np.linalg.eigvalsh(covariances).min() > 0


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (-2.0, 0.5), (1.5, 0.1)])
def test_expected_improvement_is_the_integral_that_it_stands_for(mean, deviation):
    best = 0.3
    integral, _ = quad(lambda s: max(s - best, 0) * norm.pdf(s, mean, deviation), best, mean + 40 * deviation + 5)
    assert expected_improvement(np.array([mean]), np.array([deviation]), best)[0] == pytest.approx(integral, abs=1e-7)


def test_without_doubt_it_is_the_improvement_itself():
    improvements = expected_improvement(np.array([0.1, 0.5]), np.zeros(2), 0.3)
    assert improvements.tolist() == [0.0, pytest.approx(0.2)]


def test_whole_trainings_and_retrainings_are_seen_as_they_are_and_reused_scores_not_again(record):
    records = [
        record(0, top1=0.5),
        record(1, top1=0.6, replicate=1, source=0),
        record(2, "reused", 0.5, source=0),
        record(3, "failed", None),
        record(4, "running", None),
        record(5, "infeasible", None),
    ]
    seen = observed(records, TOP1)
    assert [r.trial for r in seen.records] == [0, 1]
    assert seen.scores.tolist() == [0.5, 0.6]
    assert seen.extra.tolist() == [0.0, 0.0]
    assert [r.trial for r in seen.running] == [4]


def halved(record, slope, cut):
    """Six whole trainings whose last score is a line of that at the first epoch, and one that was cut there."""
    whole = [record(i, top1=0.5 + slope * i / 50, curve=(0.2 + i / 50, 0.5 + slope * i / 50)) for i in range(6)]
    return [*whole, record(6, "pruned", cut, (cut,))]


@pytest.mark.parametrize("slope", [1.0, 0.5])
def test_a_training_that_was_cut_is_taken_for_what_it_would_have_come_to(record, slope):
    seen = observed(halved(record, slope, 0.25), TOP1)
    assert seen.scores[-1] == pytest.approx(0.5 + slope * 0.05, abs=0.02)
    assert seen.extra[-1] > 0
    assert seen.extra[:-1].tolist() == [0.0] * 6


def test_what_was_cut_counts_less_the_less_its_score_then_says_about_the_end(record):
    clear = observed(halved(record, 1.0, 0.25), TOP1)
    rng = random.Random(0)
    blurred = [*[record(i, top1=rng.random(), curve=(0.2 + i / 50, 0.0)) for i in range(6)], record(6, "pruned", 0.25)]
    assert observed(blurred, TOP1).extra[-1] > 10 * clear.extra[-1]


def test_before_any_whole_training_those_that_were_cut_are_compared_where_all_have_been(record):
    records = [record(0, "pruned", 0.3, (0.1, 0.3)), record(1, "pruned", 0.2, (0.2,))]
    assert observed(records, TOP1).scores.tolist() == [0.1, 0.2]


def test_where_less_is_better_scores_are_turned_around(record):
    records = [*halved(record, 1.0, 0.25)]
    seen = observed(records, Objective("score", MINIMIZE))
    assert seen.scores[:6].tolist() == [-r.top1 for r in records[:6]]
    assert seen.scores[-1] == pytest.approx(-0.55, abs=0.02)


def test_a_collapsed_training_does_not_stretch_the_scale(record):
    scores = [0.5, 0.51, 0.52, 0.53, 0.54, 0.1]
    seen = observed([record(i, top1=score) for i, score in enumerate(scores)], TOP1)
    assert seen.scores[:5].tolist() == scores[:5]
    assert seen.scores[5] > 0.35


@pytest.fixture(scope="module")
def wide():
    """4,096 networks of six decisions, of which two pay, one costs and three do nothing."""
    rows = tuple(Stage(Conv(kernel=choice(1, 3)), out=choice(8, 16), stride=2) for _ in range(3))
    rows += tuple(Stage(Conv(kernel=choice(1, 3, 5, 7)), out=8) for _ in range(3))
    return Space("wide", Architecture(image_size=32, classes=10, stages=rows, head=Head(out=8)))


def score(architecture, seed):
    first, second, third = (architecture.stages[index] for index in (0, 3, 4))
    noise = 0.0 if seed is None else random.Random(seed).gauss(0, 0.1)
    return (first.out == 16) + second.block.kernel / 7 - third.block.kernel / 7 + noise


def regret(wide, folder, sampler, seed):
    study = search(
        wide, "0.4MFLOPs", evaluate=lambda a, seed, report: score(a, seed), evaluator_name="made up", trials=20,
        sampler=sampler, seed=seed, retrain=0, out=folder / f"{sampler}-{seed}",
    )  # fmt: skip
    best = 1 + 1 - 1 / 7
    return best - max(score(wide.decide(r.decisions), None) for r in study.records if r.counted)


def test_it_finds_what_pays_where_random_search_does_not(wide, tmp_path):
    regrets = {name: [regret(wide, tmp_path, name, seed) for seed in range(4)] for name in ("predictor", "random")}
    assert fmean(regrets["predictor"]) < fmean(regrets["random"]) / 2


def test_what_is_running_is_not_proposed_again_nor_its_like(space, record):
    """With what it would propose under way, it proposes another, from what it expects of that one."""
    candidates = Candidates(within(space, "0.2MFLOPs"), digest)
    drawn = [candidates.uniform("start", lambda key: None, random.Random(seed)) for seed in range(6)]
    trained = {c.training_key: c for c in drawn}.values()
    records = [
        record(i, top1=c.cost.macs / 1e6, decisions=space.labels_of(c.architecture), training_key=c.training_key)
        for i, c in enumerate(trained)
    ]

    def proposed(records):
        keys = {r.training_key: r.trial for r in records}
        return predictor(History(candidates, records, "top1", keys.get, 0, 9, "predictor"))

    first = proposed(records)
    running = record(9, "running", None, decisions=space.labels_of(first.architecture), training_key=first.training_key)
    second = proposed([*records, running])
    assert second.architecture != first.architecture
    assert cost(second.architecture).macs <= 200_000


def test_too_little_to_learn_from_is_left_to_a_uniform_draw(space, record):
    candidates = Candidates(within(space, "0.2MFLOPs"), digest)
    records = [record(0, top1=0.5, decisions=space.labels_of(next(iter(space))))]
    assert predictor(History(candidates, records, "top1", {}.get, 0, 1, "predictor")) is None


def test_labelsof_decisions_that_are_off_are_left_out(branched, record):
    vector = branched.vector(0)
    labels = branched.labels_of(branched.decide(vector))
    assert set(labels) > set(vector)
    assert active_labels(branched, record(0, decisions=labels)) == vector


def of_wide(wide, record, trained, seed=0):
    rng = random.Random(seed)
    networks = [wide.vector(rng.randrange(wide.size)) for _ in range(trained)]
    return [
        record(i, top1=score(wide.decide(labels), 100 + i), decisions=wide.labels_of(wide.decide(labels)))
        for i, labels in enumerate(networks)
    ]


def test_decisions_that_pay_are_told_with_what_they_bring(wide, record):
    effects_of = {e.decision: e for e in effects(wide, of_wide(wide, record, 60), TOP1)}
    width, kernel, other = (
        effects_of[f"stages.{i}.{name}"] for i, name in ((0, "out"), (3, "block.kernel"), (4, "block.kernel"))
    )
    assert (width.best, kernel.best, other.best) == ("16", "7", "1")
    assert width.low < 1 < width.high
    assert kernel.low < 6 / 7 < kernel.high
    assert min(width.low, kernel.low, other.low) > 0


def test_the_model_is_fitted_on_one_thread(wide, record, monkeypatch):
    """Beside trainers on every core several would wait for each other."""
    threads = []

    def watched(*arguments):
        threads.extend(library["num_threads"] for library in threadpool_info())
        return fit(*arguments)

    for module in ("effects", "sampler"):
        monkeypatch.setattr(f"nas.study.propose.predictor.{module}.fit", watched)
    with threadpool_limits(2):
        records, candidates = of_wide(wide, record, 12), Candidates(within(wide), digest)
        assert effects(wide, records, TOP1)
        assert predictor(History(candidates, records, "top1", {}.get, 0, 13, "predictor"))
    assert set(threads) == {1}


def test_decisions_that_do_nothing_are_not_called_sure(wide, record):
    surest = effects(wide, of_wide(wide, record, 60), TOP1)
    assert {e.decision for e in surest if e.low > 0.1} <= {
        "stages.0.out",
        "stages.3.block.kernel",
        "stages.4.block.kernel",
    }


def test_of_few_trainings_no_effects_are_told(wide, record):
    assert effects(wide, of_wide(wide, record, 7), TOP1) == []


def test_a_contrast_is_the_difference_of_means_and_no_surer_than_both():
    rng = np.random.default_rng(0)
    rows, others = rng.normal(size=(20, 3)), rng.normal(size=(2, 3))
    posterior = fit(rows, rows[:, 0] + rng.normal(size=20) / 10, np.zeros(20))
    means, deviations = posterior.at(others)
    gain, deviation = posterior.contrast(others, np.array([1.0, -1.0]))
    assert gain == pytest.approx(means[0] - means[1])
    assert 0 < deviation <= deviations.sum()
