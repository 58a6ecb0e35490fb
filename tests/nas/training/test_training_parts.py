"""The loop's parts: optimisers, rates, averages, initialisation, and what settings refuse."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from timm.optim.rmsprop_tf import RMSpropTF
from torch import nn

from nas.data.splits import Split
from nas.module.network import build
from nas.training import loop
from nas.training.average import Average
from nas.training.initialisation import initialise, refresh
from nas.training.loop import train
from nas.training.optimisers import optimiser, rate
from nas.training.recipes import RECIPES
from nas.training.rmsprop import TensorFlowRMSprop
from nas.training.settings import Settings, device_of, settings_for
from nas.training.start import Start
from nas.training.tables import INITIALISATIONS, OPTIMISERS, SCHEDULES
from search_spaces import UserError

DOCS = Path(__file__).parents[3] / "docs" / "training.md"


def documented(field):
    """The line of the page about the names that a field of a recipe may have."""
    return next(line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{field}`"))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("sgd", lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9, nesterov=True, fused=True)),
        ("adamw", lambda weights: torch.optim.AdamW(weights, lr=0.1, betas=(0.9, 0.999), fused=True)),
    ],
)
def test_without_the_compilers_decorators_an_optimiser_computes_the_same(name, plain):
    first = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    ours, theirs = nn.Parameter(first.clone()), nn.Parameter(first.clone())
    one = OPTIMISERS[name]([{"params": [ours]}], lr=0.1, momentum=0.9, decay=0.9, eps=1e-3)
    other = plain([theirs])
    for step in range(6):
        if step == 3:
            one.load_state_dict(deepcopy(other.state_dict()))  # which else shares its tensors
        for weight, optimizer in ((ours, one), (theirs, other)):
            optimizer.zero_grad()
            weight.cos().sum().backward()
            optimizer.step()
    assert torch.equal(ours, theirs)
    assert not torch.equal(ours, first)
    assert isinstance(one, type(other))


def test_rmsprop_is_tensorflows():
    torch.manual_seed(0)
    ours = nn.Parameter(torch.randn(5, 3))
    theirs = nn.Parameter(ours.detach().clone())
    rate_of = {"lr": 0.02, "momentum": 0.9, "eps": 1e-3, "weight_decay": 1e-2}
    one = TensorFlowRMSprop([{"params": [ours], "weight_decay": 1e-2}], 0.02, 0.9, 0.9, 1e-3)
    other = RMSpropTF([theirs], alpha=0.9, **rate_of)
    for step in range(20):
        for group in (*one.param_groups, *other.param_groups):
            group["lr"] = 0.02 * 0.9**step
        ours.grad = torch.randn(5, 3)
        theirs.grad = ours.grad.clone()
        one.step()
        other.step()
    assert torch.allclose(ours, theirs, rtol=1e-6, atol=1e-7)


def test_rmsprop_by_hand():
    weight = nn.Parameter(torch.tensor([1.0]))
    one = TensorFlowRMSprop([weight], lr=0.1, decay=0.9, momentum=0.5, eps=0.001)
    weight.grad = torch.tensor([2.0])
    one.step()
    carried = 0.1 * 2 / math.sqrt(0.9 * 1 + 0.1 * 4 + 0.001)
    assert weight.item() == pytest.approx(1 - carried)
    one.step()
    square = 0.9 * 1.3 + 0.1 * 4
    assert weight.item() == pytest.approx(1 - carried - (0.5 * carried + 0.1 * 2 / math.sqrt(square + 0.001)))


def test_weight_decay_is_for_matrices_and_kernels_only(network):
    module = build(network.at(8, 3))
    groups = optimiser(module, replace(RECIPES["plain"], weight_decay=0.3)).param_groups
    decayed = {id(weight) for group in groups if group["weight_decay"] == 0.3 for weight in group["params"]}
    assert decayed == {id(weight) for weight in module.parameters() if weight.dim() > 1}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_lowers_a_loss_and_is_documented(name):
    torch.manual_seed(0)
    layer, x = nn.Linear(4, 4), torch.randn(16, 4)
    stepper = optimiser(layer, replace(RECIPES["plain"], optimiser=name, lr=0.01))
    losses = []
    for _ in range(20):
        stepper.zero_grad()
        loss = layer(x).square().mean()
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert f"`{name}`" in documented("optimiser")


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_falls_after_the_warm_up_and_is_documented(name):
    recipe = replace(RECIPES["plain"], schedule=name, warm_up=0.1, lr=1.0)
    rates = [rate(share / 100, recipe) for share in range(10, 101)]
    assert rate(0.05, recipe) == pytest.approx(0.5)
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > rates[-1]
    assert f"`{name}`" in documented("schedule")


@pytest.mark.parametrize(
    ("field", "table"), [("optimiser", OPTIMISERS), ("schedule", SCHEDULES), ("init", INITIALISATIONS)]
)
@pytest.mark.parametrize("name", ["other", "", None, ["sgd"]])
def test_a_name_that_no_table_has_is_refused(field, table, name):
    with pytest.raises(UserError, match=f"recipe.{field}: must be one of {', '.join(table)}, got "):
        replace(RECIPES["plain"], **{field: name})


def test_the_papers_rate():
    recipe = RECIPES["efficientnet"]
    assert recipe.lr == pytest.approx(0.256 / 32)
    assert rate(2.5 / 350, recipe) == pytest.approx(recipe.lr / 2)  # warm-up of 5 epochs
    for epoch in (6, 100, 349):
        assert rate(epoch / 350, recipe) == pytest.approx(recipe.lr * 0.97 ** (epoch // 2.4))


def test_the_cosine_ends_at_nothing():
    recipe = replace(RECIPES["modern"], warm_up=0.2, lr=1.0)
    assert [rate(share, recipe) for share in (0.1, 0.2, 0.6, 1.0)] == pytest.approx([0.5, 1.0, 0.5, 0.0])


def test_the_average_warms_up_as_tensorflows():
    layer = nn.Linear(1, 1)
    average = Average(layer, 0.9)
    expected = layer.weight.item()
    for step in range(200):
        nn.init.constant_(layer.weight, float(step))
        average.update(layer, step)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
    assert average.values["weight"].item() == pytest.approx(expected, rel=1e-5)
    with average.in_place(layer):
        assert layer.weight.item() == pytest.approx(expected, rel=1e-5)
    assert layer.weight.item() == 199


def test_dirac_passes_on_what_it_can():
    torch.manual_seed(0)
    narrowing, widening, pointwise = nn.Conv2d(8, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1), nn.Conv2d(4, 4, 1)
    drawn = pointwise.weight.clone()
    for layer in (narrowing, widening, pointwise):
        nn.init.zeros_(layer.bias)
        INITIALISATIONS["dirac"](layer)
    x = torch.randn(2, 8, 5, 5)
    assert torch.equal(narrowing(x), x[:, :4])
    assert torch.equal(widening(x[:, :4])[:, :4], x[:, :4])
    assert widening.weight[4:].abs().min() > 0
    assert torch.equal(pointwise.weight, drawn)


@pytest.mark.parametrize("name", sorted(INITIALISATIONS))
def test_initialisations(network, name):
    torch.manual_seed(0)
    module = build(network.at(8, 3))
    initialise(module, replace(RECIPES["plain"], init=name, bn_momentum=0.2))
    assert all(layer.momentum == 0.2 for layer in module.modules() if isinstance(layer, nn.BatchNorm2d))
    wide = nn.Conv2d(64, 256, 3, groups=4)
    INITIALISATIONS[name](wide)
    expected = {
        "torch": 1 / math.sqrt(3 * 16 * 9),
        "kaiming": math.sqrt(2 / (256 * 9)),
        "efficientnet": math.sqrt(2 / (64 * 9)),
        "dirac": 1 / math.sqrt(3 * 16 * 9),  # groups are left as torch has them
    }
    assert wide.weight.std().item() == pytest.approx(expected[name], rel=0.02)
    assert f"`{name}`" in documented("init")


def test_refreshed_statistics_are_those_of_the_images():
    module = nn.Sequential(nn.BatchNorm2d(2))
    parts = [torch.randn(16, 2, 3, 3) * 5 + 7 for _ in range(3)]
    refresh(module, parts)
    whole = torch.cat(parts)
    assert torch.allclose(module[0].running_mean, whole.mean((0, 2, 3)), atol=1e-4)
    assert module[0].momentum == 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"batch": 18, "accumulate": 2},
            "batch: must be a multiple of 4 for 1 processes with 2 gradient accumulation steps each, got 18",
        ),
        ({"sync_bn": True}, "sync_bn: is there on GPUs only"),
        ({"dtype": "float16"}, "dtype: must be one of float32, bfloat16, got 'float16'"),
    ],
)
def test_settings_that_do_not_fit(quick, options, message):
    with pytest.raises(UserError, match=message):
        settings_for(quick, "cpu", **options)


def test_accumulation_is_the_same_step_without_norms(normless, noisy, quick):
    recipe = replace(quick, dropout=0.0, drop_path=0.0, ema=0.0)
    losses = []
    for turns in (1, 2, 4):
        seen = []
        train(
            normless,
            noisy,
            recipe,
            settings=settings_for(recipe, "cpu", accumulate=turns),
            report=lambda epoch, metrics, seen=seen: seen.append(metrics["loss"]) or True,
        )
        losses.append(seen)
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert losses[2] == pytest.approx(losses[0], rel=1e-5)


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_a_frozen_body_stays_and_the_head_learns(network, noisy, quick, tmp_path, ema):
    module = build(network.at(8, 3), training=True)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    start = Start(lambda into: into.load_state_dict(before), ("body",), "x")
    recipe = replace(quick, ema=ema, refresh=32)
    train(network, noisy, recipe, settings=settings_for(recipe, "cpu"), start=start, checkpoint=tmp_path / "c")
    after = torch.load(tmp_path / "c", weights_only=True)["average" if ema else "model"]
    moved = {name.partition(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"head"}


def test_a_scope_that_is_none_is_refused(network, noisy, quick):
    start = Start(lambda into: None, ("stages.9",), "x")
    with pytest.raises(UserError, match=r"freeze: must be body or a scope .*stem, stages, head.* got 'stages.9'"):
        train(network, noisy, quick, settings=settings_for(quick, "cpu"), start=start)


def test_bfloat16_and_compile_are_part_of_the_key():
    first = Settings("cuda", "bfloat16", True, 64, 1, 32, 5)
    for changed in ({"dtype": "float16"}, {"compile": True}, {"deterministic": True}, {"processes": 2}, {"batch": 32}):
        assert replace(first, **changed).facts() != first.facts()


def test_the_best_epochs_weights_are_kept(network, noisy, quick, tmp_path):
    from nas.module.files import load_weights

    result = train(network, noisy, quick, settings=settings_for(quick, "cpu"), best=tmp_path / "best.safetensors")
    state, trained = load_weights(tmp_path / "best.safetensors")
    assert trained.provenance["top1"] == max(result.top1_by_epoch)
    assert trained.provenance["epochs"] == 1 + result.top1_by_epoch.index(max(result.top1_by_epoch))
    build(trained.network(), training=True).load_state_dict(state)


def test_in_bfloat16_it_trains(network, noisy, quick):
    result = train(network, noisy, quick, settings=settings_for(quick, "cpu", dtype="bfloat16"))
    assert len(result.top1_by_epoch) == 3


def test_nothing_is_left_changed(network, noisy, quick):
    """Random numbers, algorithms and threads are the caller's."""
    before = torch.get_rng_state(), torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    train(
        network,
        noisy,
        quick,
        settings=settings_for(quick, "cpu", deterministic=True, epochs=1, threads=before[2] + 1),
    )
    assert torch.equal(torch.get_rng_state(), before[0])
    assert torch.are_deterministic_algorithms_enabled() == before[1]
    assert torch.get_num_threads() == before[2]


def test_a_validation_loss_that_is_no_number_fails_before_it_is_saved(network, noisy, quick, tmp_path, monkeypatch):
    real = loop.evaluate
    monkeypatch.setattr(loop, "evaluate", lambda *words, **options: replace(real(*words, **options), loss=math.nan))
    with pytest.raises(loop.TrainingFailed, match="the validation loss is nan after epoch 1"):
        train(network, noisy, quick, settings=settings_for(quick, "cpu"), checkpoint=tmp_path / "c")
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("warm_up", 1.0, "recipe.warm_up: must be a number of at least 0 and below 1, got 1"),
        ("decay_epochs", 0, "recipe.decay_epochs: must be a number above 0, got 0"),
        ("drop_path", 1, "recipe.drop_path: must be a number of at least 0 and below 1, got 1"),
        ("clip", math.nan, "recipe.clip: must be a number at least 0, got nan"),
        ("operations", 1.5, "recipe.operations: must be an integer of at least 0, got 1.5"),
        ("refresh", 1, "recipe.refresh: must be 0 or at least 2 images, got 1"),
        ("lr", None, "recipe.lr: must be a number above 0, got None"),
        ("name", "mine", "recipe.name: is not to be set"),
        ("magnitude", 31, "recipe.magnitude: must be an integer of at least 0 and at most 30, got 31"),
    ],
)
def test_a_value_that_would_fail_later_fails_now(field, value, message):
    with pytest.raises(UserError, match=message):
        RECIPES["plain"].changed({field: value})


def test_a_great_seed_trains(network, noisy, quick):
    train(network, noisy, quick, settings=settings_for(quick, "cpu", epochs=1), seed=10**17, order=10**17)


def test_a_batch_of_more_images_than_there_are(network, noisy, quick):
    result = train(network, noisy, quick, settings=settings_for(quick, "cpu", batch=100, accumulate=5, epochs=1))
    assert result.images_per_second > 0


@pytest.mark.parametrize("name", ["tpu", "cuda:x", "cuda:-1", "", "cpu:a"])
def test_a_device_that_is_none_is_refused(name):
    with pytest.raises(UserError, match="device: must be auto, cpu, cuda or cuda:N"):
        device_of(name)


def test_with_class_weights_each_class_weighs_the_same(network, noisy, quick):
    """The loss of a class of few images counts as much as that of one of many."""
    few = np.flatnonzero(noisy.train.labels == 0)[:4]
    index = np.concatenate([few, np.flatnonzero(noisy.train.labels != 0)])
    uneven = replace(noisy, train=Split(noisy.train.images[index], noisy.train.labels[index]))
    weighted = replace(quick, class_weights=True)
    setup, _ = loop.prepare(network, uneven, weighted, settings_for(weighted, "cpu"))
    counts = np.bincount(uneven.train.labels)
    assert (setup.class_weights * torch.from_numpy(counts)).tolist() == pytest.approx([len(index) / 3] * 3)
    assert train(network, uneven, weighted, settings=settings_for(weighted, "cpu")).epochs == 3
    assert weighted.digest != quick.digest
