"""The training loop, from first to last line: :func:`train` prepares, :func:`fit` runs the epochs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nas.data.dataset import Data
from nas.module.files import Trained, save_weights
from nas.module.memory import keep_freed
from nas.module.network import build
from nas.module.threads import threads
from nas.training.augment.mixing import Mixed
from nas.training.batches import Batches, normalised, statistics
from nas.training.checkpoint import load_checkpoint, save_checkpoint
from nas.training.distributed import World, agreed, level, summed, world
from nas.training.draws import draw_by, epoch_order
from nas.training.evaluation import Evaluation, at_once, evaluate
from nas.training.initialisation import initialise, refresh
from nas.training.key import key
from nas.training.optimisers import rate
from nas.training.preparation import prepared
from nas.training.recipe import Recipe
from nas.training.settings import Settings, autocast, check_batch, settings_for, trained_network
from nas.training.start import Start, algorithms, begin, trained_as, wrapped
from nas.training.state import TrainingState
from search_spaces import Architecture

Report = Callable[[int, dict[str, Any]], bool]
Watch = Callable[[int, int, int], None]


class TrainingFailed(RuntimeError):
    """The loss is no number any more."""


@dataclass(frozen=True)
class Result:
    """``top1``: share of validation images classified rightly after the last epoch (0 to 1).

    ``seconds`` (and ``cpu_seconds`` of this process) of training and validation over all sessions; ``weights`` is the
    checkpoint's path, or None.
    """

    top1: float
    top1_by_epoch: tuple[float, ...]
    epochs: int
    seconds: float
    cpu_seconds: float
    pruned: bool
    images_per_second: float
    device: str
    peak_bytes: int | None = None
    weights: Path | None = None


@dataclass(frozen=True)
class Hooks:
    """Whom a training tells, and where it leaves what: see :func:`train`.

    ``check_every`` steps are made between looks at whether the loss is still a number; ``save_every`` seconds pass
    between checkpoints within an epoch.
    """

    report: Report | None = None
    watch: Watch | None = None
    alive: Callable[[], None] | None = None
    checkpoint: Path | None = None
    best: Path | None = None
    check_every: int = 50
    save_every: float = 300.0


@dataclass(frozen=True, eq=False)
class Setup:
    """All of a training that does not change while it runs.

    ``forward`` is the module as the loop calls it; ``steps`` of ``batch`` images make an epoch; ``key`` names the
    training and its seeds.
    """

    recipe: Recipe
    settings: Settings
    seed: int
    order: int
    key: str
    world: World
    forward: Any
    frozen: list[nn.Module]
    train: Batches
    val: Batches
    trained: Trained
    steps: int
    batch: int
    class_weights: Tensor | None = None

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0 over all epochs."""
        return rate((step + 1) / (self.steps * self.settings.epochs), self.recipe)


def train(
    architecture: Architecture,
    data: Data,
    recipe: Recipe,
    *,
    settings: Settings | None = None,
    seed: int = 0,
    order: int = 0,
    start: Start | None = None,
    **hooks: Any,
) -> Result:
    """Train the deployment ``architecture`` on ``data.train`` as the recipe says; validate after each epoch.

    ``settings`` default to those of the recipe on the best device. ``seed`` draws the weights, dropout and drop-path;
    ``order`` the order of the images and their augmentation, equal for all candidates. ``start`` gives the weights to
    begin with. ``hooks`` are the fields of :class:`Hooks`: ``report(epoch, metrics)`` is called after each epoch,
    counted from 1, with top1 and top5, both losses, lr, seconds and images_per_second; False ends the training as
    pruned. ``watch(epoch, step, steps)`` is called after each step of an epoch, ``alive()`` after each step and each
    batch of the validation. With a ``checkpoint`` path the training goes on where it was stopped, bit for bit on the
    CPU; the last reported epoch is then reported again. The weights of the best validation top-1 are kept at ``best``.
    Under `torchrun` all processes call this, and the first writes and reports. The test split is not read. The caller's
    threads, algorithms and random numbers are as before afterwards; the process keeps the memory that it frees
    (:func:`~nas.module.memory.keep_freed`). Raises TrainingFailed where the loss is not finite.
    """
    settings = settings or settings_for(recipe)
    keep_freed()
    devices = [settings.device] if settings.device.startswith("cuda") else []
    with torch.random.fork_rng(devices), algorithms(settings), threads(settings.threads):
        setup, state = prepare(architecture, data, recipe, settings, seed, order, start)
        return fit(state, setup, Hooks(**hooks))


def prepare(
    architecture: Architecture,
    data: Data,
    recipe: Recipe,
    settings: Settings,
    seed: int = 0,
    order: int = 0,
    start: Start | None = None,
) -> tuple[Setup, TrainingState]:
    """The network with its first weights, on the device, and the images; what follows is :func:`fit`'s."""
    torch.manual_seed(seed)
    network = trained_network(architecture, recipe, settings.image_size, len(data.classes))
    check_batch(network, settings.batch_of(len(data.train)) // (settings.processes * settings.accumulate))
    if settings.device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(settings.device)
    module: nn.Module = build(network, training=True, dropout=recipe.dropout, drop_path=recipe.drop_path)
    initialise(module, recipe)
    module = nn.SyncBatchNorm.convert_sync_batchnorm(module) if settings.sync_bn else module  # type: ignore[no-untyped-call]
    module = module.to(settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    frozen = begin(module, start)
    pixels = statistics(data, network.in_channels)
    shape = network.image_size, network.in_channels, settings.device
    images = normalised(data.train, pixels, *shape)
    state = TrainingState(module, recipe, settings)
    setup = Setup(
        recipe=recipe.of_length(settings.epochs),
        settings=settings,
        seed=seed,
        order=order,
        key=f"{key(network, recipe, settings, data, start)}/{seed}/{order}",
        world=world(),
        forward=wrapped(module, settings, world().size),
        frozen=frozen,
        train=images,
        val=normalised(data.val, pixels, *shape),
        trained=trained_as(network, data, recipe, settings, seed, pixels),
        steps=max(1, len(images) // settings.batch),
        batch=settings.batch_of(len(images)),
        class_weights=_class_weights(images.labels, len(data.classes)) if recipe.class_weights else None,
    )
    return setup, state


def _class_weights(labels: Tensor, classes: int) -> Tensor:
    """Weights (classes,) in inverse proportion to the number of images, with a mean of 1 over the images."""
    counts = torch.bincount(labels, minlength=classes)
    return len(labels) / (counts.count_nonzero() * counts.clamp_min(1))


def fit(state: TrainingState, setup: Setup, hooks: Hooks) -> Result:
    """Run the epochs that are left: train, validate, save, report."""
    stored = load_checkpoint(hooks.checkpoint, setup.key) if hooks.checkpoint else None
    goes_on = True
    if stored is not None:
        state.load_state_dict(stored)
        goes_on = state.step > 0 or _report(state, setup, hooks)
    state.start_clock()
    while goes_on and state.epoch < setup.settings.epochs:
        loss = _train_epoch(state, setup, hooks)
        evaluation = _validate(state, setup, hooks)
        state.tick()
        state.metrics = {"loss": loss, "top5": evaluation.top5, "val_loss": evaluation.loss}
        _save(state, setup, hooks)
        goes_on = _report(state, setup, hooks)
    return _result(state, setup, hooks)


def _train_epoch(state: TrainingState, setup: Setup, hooks: Hooks) -> float:
    """The steps of this epoch that are left; the mean loss of all. Images that fill no batch wait for another
    epoch."""
    accumulate = setup.settings.accumulate
    parts = _parts(setup, epoch_order(len(setup.train), setup.order, state.epoch))
    images = prepared(setup.train, parts, setup.recipe, setup.order, state.epoch, state.step * accumulate)
    state.module.train()
    for scope in setup.frozen:
        scope.eval()
    while state.step < setup.steps:
        state.loss += take_step(state, setup, [next(images) for _ in range(accumulate)])
        state.step += 1
        if hooks.watch:
            hooks.watch(state.epoch + 1, state.step, setup.steps)
        if hooks.alive:
            hooks.alive()
        if state.step % hooks.check_every == 0 or state.step == setup.steps:
            _check(state, setup, hooks)
    loss = float(state.loss) / setup.steps
    state.step, state.loss = 0, torch.zeros_like(state.loss)
    return loss


def take_step(state: TrainingState, setup: Setup, parts: list[Mixed]) -> Tensor:
    """One step of the optimiser on as many parts of images as there are gradient accumulation steps; its loss."""
    step = state.epoch * setup.steps + state.step
    seed = ((setup.seed * 1_000_003 + step) * setup.world.size + setup.world.rank) % 2**63
    draw_by(seed, setup.settings.device)  # dropout and drop-path
    for group in state.optimiser.param_groups:
        group["lr"] = setup.rate(step)
    state.optimiser.zero_grad(set_to_none=True)
    total = torch.zeros_like(state.loss)
    for index, images in enumerate(parts):
        last = index == len(parts) - 1
        with nullcontext() if last or setup.world.size == 1 else setup.forward.no_sync():
            loss = _loss(setup, images) / len(parts)
            torch.autograd.backward(state.scaler.scale(loss))
        total += loss.detach()
    if setup.recipe.clip:
        state.scaler.unscale_(state.optimiser)
        nn.utils.clip_grad_norm_(state.module.parameters(), setup.recipe.clip)
    with autocast(setup.settings):  # for the matrices that muon multiplies
        state.scaler.step(state.optimiser)
    state.scaler.update()
    state.average.update(state.module, step)
    return total


def _parts(setup: Setup, order: Tensor) -> list[Tensor]:
    """Which images this process takes at each gradient accumulation step of the epoch."""
    world, accumulate = setup.world, setup.settings.accumulate
    whole = order[: setup.steps * setup.batch].view(setup.steps, world.size, accumulate, -1)
    return list(whole[:, world.rank].flatten(0, 1))


def _loss(setup: Setup, images: Mixed) -> Tensor:
    with autocast(setup.settings):
        output = setup.forward(images.x)
    logits, auxiliary = output if isinstance(output, tuple) else (output, [])
    smoothing = setup.recipe.label_smoothing
    weights = setup.class_weights
    losses = [_cross_entropy(scores.float(), images, smoothing, weights) for scores in (logits, *auxiliary)]
    return losses[0] + setup.recipe.aux_weight * sum(losses[1:])


def _cross_entropy(logits: Tensor, images: Mixed, smoothing: float, weights: Tensor | None) -> Tensor:
    """Mean cross-entropy with both labels of each image by its share; ``weights`` of the classes have a mean of 1 over
    the images."""
    if images.share is None and weights is None:
        return F.cross_entropy(logits, images.labels, label_smoothing=smoothing)
    first, second = (
        F.cross_entropy(logits, labels, weights, label_smoothing=smoothing, reduction="none")
        for labels in (images.labels, images.other)
    )
    if images.share is None:
        return first.mean()
    return (images.share * first + (1 - images.share) * second).mean()


def _check(state: TrainingState, setup: Setup, hooks: Hooks) -> None:
    """Is the loss still a number, and is it time for a checkpoint within the epoch?"""
    state.loss = summed(state.loss) / setup.world.size
    if not math.isfinite(float(state.loss)):
        raise TrainingFailed(f"the loss is {float(state.loss)} in epoch {state.epoch + 1}, step {state.step}")
    state.tick()
    if state.seconds - state.saved_at > hooks.save_every and state.step < setup.steps:
        _save(state, setup, hooks)


def _validate(state: TrainingState, setup: Setup, hooks: Hooks) -> Evaluation:
    """Evaluate on the validation images, by the averaged weights where there are such; the best so far are kept."""
    module, classes = state.module, len(setup.trained.classes)
    with state.average.in_place(module):
        level(module)
        if setup.recipe.refresh:
            with autocast(setup.settings):
                refresh(module, _plain_images(setup))
        evaluation = evaluate(module, setup.val, setup.settings, classes, alive=hooks.alive)
        if not math.isfinite(evaluation.loss):
            raise TrainingFailed(f"the validation loss is {evaluation.loss} after epoch {state.epoch + 1}")
        is_best = evaluation.top1 > max(state.top1, default=-1.0)
        state.top1.append(evaluation.top1)
        if hooks.best and setup.world.leads and is_best:
            save_weights(hooks.best, module.state_dict(), setup.trained.after(state.epoch, evaluation.top1))
    return evaluation


def _plain_images(setup: Setup) -> Iterator[Tensor]:
    """The recipe's number of training images, evenly spaced, as in evaluation, batch by batch."""
    images = setup.train
    index = torch.linspace(0, len(images) - 1, min(setup.recipe.refresh, len(images))).long()
    parts = [part for part in index.split(at_once(images.side)) if len(part) > 1]  # type: ignore[no-untyped-call]
    return (images.plain(chunk) for chunk in images.chunks(parts))


def _save(state: TrainingState, setup: Setup, hooks: Hooks) -> None:
    state.saved_at = state.seconds
    if hooks.checkpoint and setup.world.leads:
        about = {"key": setup.key, "trained": setup.trained.to_data()}
        save_checkpoint(hooks.checkpoint, {**about, **state.state_dict()})


def _report(state: TrainingState, setup: Setup, hooks: Hooks) -> bool:
    """Report the epoch that has ended; whether to go on, on which all processes agree."""
    metrics = {
        "top1": state.top1[-1],
        **state.metrics,
        "lr": setup.rate(state.epoch * setup.steps - 1),
        "seconds": state.seconds,
        "cpu_seconds": state.cpu_seconds,
        "images_per_second": _images_per_second(state, setup),
    }
    goes_on = hooks.report is None or not setup.world.leads or hooks.report(state.epoch, metrics)
    return bool(agreed(float(goes_on)))


def _images_per_second(state: TrainingState, setup: Setup) -> float:
    return state.epoch * setup.steps * setup.batch / max(state.seconds, 1e-9)


def _result(state: TrainingState, setup: Setup, hooks: Hooks) -> Result:
    device = setup.settings.device
    return Result(
        top1=state.top1[-1],
        top1_by_epoch=tuple(state.top1),
        epochs=state.epoch,
        seconds=state.seconds,
        cpu_seconds=state.cpu_seconds,
        pruned=state.epoch < setup.settings.epochs,
        images_per_second=_images_per_second(state, setup),
        device=device,
        peak_bytes=torch.cuda.max_memory_allocated(device) if device.startswith("cuda") else None,
        weights=hooks.checkpoint,
    )
